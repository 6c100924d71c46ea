// Structures, codes and requests of SGX and of Linux's SGX interfaces, as the manual (SDM 3D) and the kernel name them.
#ifndef SGX_H
#define SGX_H

#include <stdint.h>
#include <sys/ioctl.h>

#define PAGE 4096UL

enum { EREPORT, EGETKEY, EENTER, ERESUME, EEXIT, EACCEPT, EMODPE, EACCEPTCOPY, EVERIFYREPORT2, EDECCSSA };

enum {
  SGX_SUCCESS = 0,
  SGX_INVALID_ATTRIBUTE = 2,
  SGX_PAGE_ATTRIBUTES_MISMATCH = 19,
  SGX_PAGE_NOT_MODIFIABLE = 20,
  SGX_INVALID_CPUSVN = 32,
  SGX_INVALID_ISVSVN = 64,
  SGX_INVALID_KEYNAME = 256,
};

enum { UD = 6, DE = 0, DB = 1, BP = 3, GP = 13, PF = 14, MF = 16, AC = 17, XM = 19 };

// Error code of #PF.
enum { ERR_P = 1, ERR_W = 2, ERR_U = 4, ERR_I = 16, ERR_SGX = 0x8000 };

enum { ATTR_INIT = 1, ATTR_DEBUG = 2, ATTR_MODE64BIT = 4, ATTR_PROVISIONKEY = 0x10, ATTR_EINITTOKENKEY = 0x20, ATTR_KSS = 0x80 };

enum { PT_SECS, PT_TCS, PT_REG, PT_VA, PT_TRIM };

enum {
  SI_R = 1,
  SI_W = 2,
  SI_X = 4,
  SI_PENDING = 8,
  SI_MODIFIED = 16,
  SI_PR = 32,
  SI_TCS = PT_TCS << 8,
  SI_REG = PT_REG << 8,
  SI_TRIM = PT_TRIM << 8,
};

struct secs {
  uint64_t size, base;
  uint32_t ssaframesize, miscselect;
  uint8_t reserved1[24];
  uint64_t attributes, xfrm;
  uint8_t mrenclave[32], reserved2[32], mrsigner[32], reserved3[32], configid[64];
  uint16_t isvprodid, isvsvn, configsvn;
  uint8_t reserved4[3834];
} __attribute__((packed, aligned(4096)));

struct tcs {
  uint64_t state, flags, ossa;
  uint32_t cssa, nssa;
  uint64_t oentry, aep, ofsbase, ogsbase;
  uint32_t fslimit, gslimit;
  uint8_t reserved[4024];
} __attribute__((packed, aligned(4096)));

struct secinfo {
  uint64_t flags;
  uint8_t reserved[56];
} __attribute__((packed, aligned(64)));

struct sigstruct {
  uint64_t header[2];
  uint32_t vendor, date;
  uint64_t header2[2];
  uint32_t swdefined;
  uint8_t reserved1[84];
  uint8_t modulus[384];
  uint32_t exponent;
  uint8_t signature[384];
  uint32_t miscselect, miscmask;
  uint8_t reserved2[20];
  uint64_t attributes, xfrm, attributes_mask, xfrm_mask;
  uint8_t enclavehash[32], reserved3[32];
  uint16_t isvprodid, isvsvn;
  uint8_t reserved4[12];
  uint8_t q1[384], q2[384];
} __attribute__((packed, aligned(4096)));

struct report {
  uint8_t cpusvn[16];
  uint32_t miscselect;
  uint8_t reserved1[28];
  uint64_t attributes, xfrm;
  uint8_t mrenclave[32], reserved2[32], mrsigner[32], reserved3[32], configid[64];
  uint16_t isvprodid, isvsvn, configsvn;
  uint8_t reserved4[42], isvfamilyid[16], reportdata[64];
  uint8_t keyid[32], mac[16];
} __attribute__((packed, aligned(512)));

struct targetinfo {
  uint8_t mrenclave[32];
  uint64_t attributes, xfrm;
  uint8_t cet, reserved1;
  uint16_t configsvn;
  uint32_t miscselect;
  uint8_t reserved2[8], configid[64], reserved3[384];
} __attribute__((packed, aligned(512)));

enum { KEY_LAUNCH, KEY_PROVISION, KEY_PROVISION_SEAL, KEY_REPORT, KEY_SEAL };

struct keyrequest {
  uint16_t keyname, keypolicy, isvsvn;
  uint8_t cet, reserved1;
  uint8_t cpusvn[16];
  uint64_t attributes_mask, xfrm_mask;
  uint8_t keyid[32];
  uint32_t miscmask;
  uint16_t configsvn;
  uint8_t reserved2[434];
} __attribute__((packed, aligned(512)));

// The end of an SSA frame.
struct gprsgx {
  uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15, rflags, rip, ursp, urbp;
  uint32_t exitinfo;
  uint8_t reserved[3], aexnotify;
  uint64_t fsbase, gsbase;
} __attribute__((packed));

#define EXITINFO(vector, type) (0x80000000u | (type) << 8 | (vector))

// Mainline.
struct sgx_create {
  uint64_t src;
};
struct sgx_add_pages {
  uint64_t src, offset, length, secinfo, flags, count;
};
struct sgx_init {
  uint64_t sigstruct;
};
struct sgx_provision {
  uint64_t fd;
};
struct sgx_restrict_permissions {
  uint64_t offset, length, permissions, result, count;
};
struct sgx_modify_types {
  uint64_t offset, length, page_type, result, count;
};
struct sgx_remove_pages {
  uint64_t offset, length, count;
};

#define SGX_CREATE _IOW(0xa4, 0, struct sgx_create)
#define SGX_ADD_PAGES _IOWR(0xa4, 1, struct sgx_add_pages)
#define SGX_INIT _IOW(0xa4, 2, struct sgx_init)
#define SGX_PROVISION _IOW(0xa4, 3, struct sgx_provision)
#define SGX_VEPC_REMOVE_ALL _IO(0xa4, 4)
#define SGX_RESTRICT_PERMISSIONS _IOWR(0xa4, 5, struct sgx_restrict_permissions)
#define SGX_MODIFY_TYPES _IOWR(0xa4, 6, struct sgx_modify_types)
#define SGX_REMOVE_PAGES _IOWR(0xa4, 7, struct sgx_remove_pages)
#define SGX_MEASURE 1

// The out-of-tree driver.
struct isgx_add_page {
  uint64_t addr, src, secinfo;
  uint16_t mrmask;
} __attribute__((packed));
struct isgx_init {
  uint64_t addr, sigstruct, einittoken;
};
#define ISGX_CREATE _IOW(0xa4, 0, struct sgx_create)
#define ISGX_ADD_PAGE _IOW(0xa4, 1, struct isgx_add_page)
#define ISGX_INIT _IOW(0xa4, 2, struct isgx_init)

// What __vdso_sgx_enter_enclave works on.
struct run {
  uint64_t tcs;
  uint32_t function;
  uint16_t vector, error_code;
  uint64_t address, handler, data;
  uint8_t reserved[216];
};

#endif
