// A small enclave, its signer and the ways into it, for programs that are to run on real hardware too.
#ifndef ENCLAVE_H
#define ENCLAVE_H

#include <stdbool.h>
#include <stddef.h>

#include "sgx.h"

// What the enclave lays where, in bytes from its base.
enum {
  TCS0 = 0x0000,
  TCS1 = 0x1000,
  CODE = 0x2000,
  DATA = 0x3000, // two pages; the first is FS's, the second GS's
  SSA0 = 0x5000, // three frames each
  SSA1 = 0x8000,
  SPARE = 0xb000,    // read, write
  READONLY = 0xc000, // read
  RWX = 0xd000,
  ADDED = 0xe000,  // end of what is added; from here on there is no page
  SIZE = 0x20000,
  NSSA = 3,
};

struct enclave {
  int fd;
  uint64_t base;
  struct secs secs;
  struct sigstruct sig;
  void *hash;        // of the measurement, as it stands
  uint64_t flags[SIZE / PAGE]; // SECINFO.FLAGS of each page, 0 where there is none
};

// The operand of the enclave's functions; it lies outside the enclave. The offsets are code.S's.
struct op {
  uint64_t number;
  uint64_t a[6];
  uint64_t result;
  uint64_t rflags;
  uint64_t cssa;    // RAX at entry
  uint64_t returns; // RCX at entry
  uint64_t r[16];
};

enum {
  OP_NOP,
  OP_READ,      // result = 8 bytes at a0
  OP_WRITE,     // 8 bytes at a0 = a1
  OP_LEAF,      // ENCLU with RAX a0, RBX a1, RCX a2, RDX a3: result and rflags
  OP_COPY,      // from a0 to a1, a2 bytes
  OP_SPIN,      // all registers but R15, which is the op, hold patterns until a0 is not 0; r = what they hold then
  OP_INSTRUCTION, // number a0 with RAX a1, RCX a2, RDX a3, RBX a4: result = RAX, r = RBX, RCX, RDX
  OP_BASES,     // result = FS base, r0 = GS base, r1 = 8 bytes at FS:0, r2 = at GS:0
  OP_JUMP,      // to a0
  OP_COUNT,     // a0 times: add 1 to the counter at DATA, locked: result = the counter
  OP_XMM,       // XMM0 to 15 from a1; until a0 is not 0; to a2
  OP_YMM,
  OP_REGISTERS, // r = RBX, RDX, RSI, RDI, R8, R9, R10, R11, R15, RBP, RSP as at entry
  OP_WORK,      // adds a0 times in a register
};

enum {
  I_UD2,
  I_CPUID,
  I_SYSCALL,
  I_INT80,
  I_INT3,
  I_SYSENTER,
  I_IN,
  I_SGDT,
  I_SIDT,
  I_SLDT,
  I_STR,
  I_SMSW,
  I_RETF,
  I_IRETQ,
  I_RDPMC,
  I_VMCALL,
  I_GETSEC,
  I_DIV, // RDX:RAX by RCX
  I_MOV, // RAX from RAX
  I_LDMXCSR_DIV, // MXCSR from RBX, then 1.0 / 0.0
  I_CLI,
  I_RDTSC,
  I_RDRAND,
  I_XGETBV,
  I_INTO_STORE, // 8 bytes to RAX
};

extern const char enclave_code[], enclave_instructions[], enclave_read[], enclave_write[], enclave_leaf[];

// Where an instruction of code.S lies in an enclave with this base.
#define CODE_AT(base, symbol) ((base) + CODE + ((symbol)-enclave_code))
#define INSTRUCTION_AT(base, number) (CODE_AT(base, enclave_instructions) + 32 * (number))

// Ends the test, or the program: what failed, with errno.
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

// A key of 3072 bits with exponent 3, made at its first use and kept in signer-NUMBER.pem beside the program, where that can be written.
const void *signer_key(int number);
void signer_hash(int number, uint8_t mrsigner[32]);
void sigstruct_sign(struct sigstruct *sig, int signer);

// An address range of the size, at a multiple of it, that nobody has.
uint64_t reserve(uint64_t size);

// SECS and SIGSTRUCT in order, the range reserved, nothing asked of a driver: fd is -1.
void enclave_prepare(struct enclave *e, uint64_t attributes);

// The page's content before it is added: TCS, code, or zeroes.
void enclave_page(const struct enclave *e, uint64_t offset, void *page);
uint64_t enclave_page_flags(uint64_t offset);

// The measurement, by which the sigstruct is made.
void measure_create(struct enclave *e);
void measure_page(struct enclave *e, uint64_t offset, uint64_t flags, const void *content, bool measured);
void measure_end(struct enclave *e);

// On mainline: 0, or an errno.
int enclave_create(struct enclave *e);
int enclave_add(struct enclave *e, uint64_t offset, const void *src, uint64_t length, uint64_t flags, bool measured);
int enclave_init(struct enclave *e);

// All of it, without error: an initialised and mapped enclave on mainline.
void enclave_open(struct enclave *e, uint64_t attributes);
void enclave_add_all(struct enclave *e);
void enclave_sign(struct enclave *e, int signer);
void enclave_map(struct enclave *e, int fd);
void enclave_build(struct enclave *e, uint64_t attributes);
void enclave_destroy(struct enclave *e);

// __vdso_sgx_enter_enclave, or NULL.
void *vdso_function(const char *name);
extern void *vdso_enter_function;

// Through the vDSO, with all registers kept that a C caller needs.
int vdso_enter(uint64_t rdi, uint64_t rsi, uint64_t rdx, uint32_t leaf, uint64_t r8, uint64_t r9, struct run *run);

// By an ENCLU of its own: leaf, TCS, RDI. Its AEP is own_aep, an ENCLU that resumes; a handler that gives up goes to own_abort, which
// makes own_enter return -1. EEXIT returns 0.
int own_enter(uint64_t leaf, uint64_t tcs, void *rdi);
extern const char own_enclu[], own_aep[], own_abort[];

// One function of the enclave on TCS0 through the vDSO. Returns the run's vector, or -1 where the enclave returned.
int call(struct enclave *e, struct op *op, struct run *run);
// The same, and where it raises, repair is called before the enclave is resumed; it may call into the enclave itself, on the next frame.
typedef void repair(struct enclave *e, struct run *run, void *arg);
void call_repaired(struct enclave *e, struct op *op, repair *repair, void *arg);
uint64_t enclave_read8(struct enclave *e, uint64_t address);
void enclave_write8(struct enclave *e, uint64_t address, uint64_t value);
void enclave_copy(struct enclave *e, const void *from, void *to, size_t bytes);

#endif
