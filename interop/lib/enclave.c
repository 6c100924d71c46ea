#include "enclave.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

void *vdso_enter_function;

uint64_t reserve(uint64_t size) {
  char *area = mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) {
    fail("mmap of %#lx bytes without access", 2 * size);
  }
  uint64_t base = ((uint64_t)area + size - 1) & -size;
  if (base > (uint64_t)area) {
    munmap(area, base - (uint64_t)area);
  }
  munmap((char *)base + size, (uint64_t)area + size - base);
  return base;
}

void enclave_prepare(struct enclave *e, uint64_t attributes) {
  memset(e, 0, sizeof *e);
  e->fd = -1;
  e->base = reserve(SIZE);
  e->secs = (struct secs){
      .size = SIZE, .base = e->base, .ssaframesize = 1, .attributes = ATTR_MODE64BIT | attributes, .xfrm = 3};
  e->sig = (struct sigstruct){
      .header = {0x000000E100000006, 0x0000000000010000},
      .header2 = {0x0000006000000101, 0x0000000100000060},
      .date = 0x20260101,
      .exponent = 3,
      .attributes = ATTR_MODE64BIT | attributes,
      .attributes_mask = -1UL,
      .xfrm = 3,
      .xfrm_mask = -1UL,
      .isvprodid = 7,
      .isvsvn = 5,
  };
}

uint64_t enclave_page_flags(uint64_t offset) {
  switch (offset) {
  case TCS0:
  case TCS1:
    return SI_TCS;
  case CODE:
    return SI_REG | SI_R | SI_X;
  case READONLY:
    return SI_REG | SI_R;
  case RWX:
    return SI_REG | SI_R | SI_W | SI_X;
  default:
    return SI_REG | SI_R | SI_W;
  }
}

void enclave_page(const struct enclave *e, uint64_t offset, void *page) {
  memset(page, 0, PAGE);
  if (offset == TCS0 || offset == TCS1) {
    *(struct tcs *)page = (struct tcs){
        .ossa = offset == TCS0 ? SSA0 : SSA1,
        .nssa = NSSA,
        .oentry = CODE,
        .ofsbase = DATA,
        .ogsbase = DATA + PAGE,
        .fslimit = ~0u,
        .gslimit = ~0u,
    };
  } else if (offset == CODE) {
    memcpy(page, enclave_code, PAGE);
  }
  (void)e;
}

static void update(struct enclave *e, const void *block) {
  EVP_DigestUpdate(e->hash, block, 64);
}

void measure_create(struct enclave *e) {
  struct {
    uint64_t tag;
    uint32_t ssaframesize;
    uint64_t size;
    uint8_t zero[44];
  } __attribute__((packed)) block = {0x0045544145524345, e->secs.ssaframesize, e->secs.size, {0}};
  if (e->hash == NULL) {
    e->hash = EVP_MD_CTX_new();
  }
  EVP_DigestInit_ex(e->hash, EVP_sha256(), NULL);
  update(e, &block);
}

void measure_page(struct enclave *e, uint64_t offset, uint64_t flags, const void *content, bool measured) {
  uint64_t block[8] = {0x0000000044444145, offset, flags};
  update(e, block);
  for (uint64_t chunk = 0; measured && chunk < PAGE; chunk += 256) {
    uint64_t extend[8] = {0x00444E4554584545, offset + chunk};
    update(e, extend);
    EVP_DigestUpdate(e->hash, (const char *)content + chunk, 256);
  }
}

void measure_end(struct enclave *e) {
  EVP_MD_CTX *copy = EVP_MD_CTX_new();
  EVP_MD_CTX_copy_ex(copy, e->hash);
  EVP_DigestFinal_ex(copy, e->sig.enclavehash, NULL);
  EVP_MD_CTX_free(copy);
}

int enclave_create(struct enclave *e) {
  struct sgx_create arg = {(uint64_t)&e->secs};
  if (ioctl(e->fd, SGX_CREATE, &arg) != 0) {
    return errno;
  }
  measure_create(e);
  return 0;
}

int enclave_add(struct enclave *e, uint64_t offset, const void *src, uint64_t length, uint64_t flags, bool measured) {
  struct secinfo secinfo = {.flags = flags};
  struct sgx_add_pages arg = {(uint64_t)src, offset, length, (uint64_t)&secinfo, measured ? SGX_MEASURE : 0, 0};
  if (ioctl(e->fd, SGX_ADD_PAGES, &arg) != 0) {
    return errno;
  }
  if (arg.count != length) {
    fail("ADD_PAGES at %#lx says 0 and adds %#lx of %#lx bytes", offset, arg.count, length);
  }
  for (uint64_t at = 0; at < length; at += PAGE) {
    measure_page(e, offset + at, flags, (const char *)src + at, measured);
    if (offset + at < SIZE) {
      e->flags[(offset + at) / PAGE] = flags;
    }
  }
  return 0;
}

int enclave_init(struct enclave *e) {
  struct sgx_init arg = {(uint64_t)&e->sig};
  return ioctl(e->fd, SGX_INIT, &arg) == 0 ? 0 : errno;
}

void enclave_open(struct enclave *e, uint64_t attributes) {
  enclave_prepare(e, attributes);
  e->fd = open("/dev/sgx_enclave", O_RDWR | O_CLOEXEC);
  if (e->fd < 0) {
    fail("open /dev/sgx_enclave");
  }
}

void enclave_add_all(struct enclave *e) {
  char page[PAGE] __attribute__((aligned(4096)));
  for (uint64_t offset = 0; offset < ADDED; offset += PAGE) {
    enclave_page(e, offset, page);
    if ((errno = enclave_add(e, offset, page, PAGE, enclave_page_flags(offset), true)) != 0) {
      fail("ADD_PAGES at %#lx", offset);
    }
  }
}

void enclave_sign(struct enclave *e, int signer) {
  measure_end(e);
  sigstruct_sign(&e->sig, signer);
}

static int protection(uint64_t flags) {
  return (flags & 0xff00) == SI_TCS ? PROT_READ | PROT_WRITE
                                    : (flags & SI_R ? PROT_READ : 0) | (flags & SI_W ? PROT_WRITE : 0) |
                                          (flags & SI_X ? PROT_EXEC : 0);
}

void enclave_map(struct enclave *e, int fd) {
  for (uint64_t offset = 0; offset < ADDED; offset += PAGE) {
    void *at = (void *)(e->base + offset);
    if (mmap(at, PAGE, protection(e->flags[offset / PAGE]), MAP_SHARED | MAP_FIXED, fd, 0) != at) {
      fail("mmap of the enclave's page at %#lx", offset);
    }
  }
}

void enclave_build(struct enclave *e, uint64_t attributes) {
  enclave_open(e, attributes);
  if ((errno = enclave_create(e)) != 0) {
    fail("CREATE");
  }
  enclave_add_all(e);
  enclave_sign(e, 0);
  if ((errno = enclave_init(e)) != 0) {
    fail("INIT");
  }
  enclave_map(e, e->fd);
}

void enclave_destroy(struct enclave *e) {
  munmap((void *)e->base, SIZE);
  if (e->fd >= 0) {
    close(e->fd);
  }
  if (e->hash != NULL) {
    EVP_MD_CTX_free(e->hash);
  }
}

void *vdso_function(const char *name) {
  char *image = (char *)getauxval(AT_SYSINFO_EHDR);
  if (image == NULL) {
    return NULL;
  }
  ElfW(Ehdr) *header = (ElfW(Ehdr) *)image;
  ElfW(Phdr) *segments = (ElfW(Phdr) *)(image + header->e_phoff);
  char *bias = NULL;
  ElfW(Dyn) *dynamic = NULL;
  for (int i = 0; i < header->e_phnum; i++) {
    if (segments[i].p_type == PT_LOAD && bias == NULL) {
      bias = image + segments[i].p_offset - segments[i].p_vaddr;
    } else if (segments[i].p_type == PT_DYNAMIC) {
      dynamic = (ElfW(Dyn) *)(image + segments[i].p_offset);
    }
  }
  char *names = NULL;
  ElfW(Sym) *symbols = NULL;
  ElfW(Word) *hash = NULL;
  for (; dynamic != NULL && dynamic->d_tag != DT_NULL; dynamic++) {
    void *at = bias + dynamic->d_un.d_ptr;
    if (dynamic->d_tag == DT_STRTAB) {
      names = at;
    } else if (dynamic->d_tag == DT_SYMTAB) {
      symbols = at;
    } else if (dynamic->d_tag == DT_HASH) {
      hash = at;
    }
  }
  if (names == NULL || symbols == NULL || hash == NULL) {
    return NULL;
  }
  for (ElfW(Word) i = 0; i < hash[1]; i++) { // nchain is the number of symbols
    if (symbols[i].st_shndx != SHN_UNDEF && strcmp(names + symbols[i].st_name, name) == 0) {
      return bias + symbols[i].st_value;
    }
  }
  return NULL;
}

static void find_vdso(void) {
  if (vdso_enter_function == NULL && (vdso_enter_function = vdso_function("__vdso_sgx_enter_enclave")) == NULL) {
    errno = 0;
    fail("the vDSO has no __vdso_sgx_enter_enclave");
  }
}

int call(struct enclave *e, struct op *op, struct run *run) {
  find_vdso();
  *run = (struct run){.tcs = e->base + TCS0};
  int result = vdso_enter((uint64_t)op, 0, 0, EENTER, 0, 0, run);
  if (result != 0) {
    errno = 0;
    fail("__vdso_sgx_enter_enclave returned %d", result);
  }
  return run->function == EEXIT ? -1 : run->vector;
}

struct repairing {
  struct enclave *e;
  repair *repair;
  void *arg;
};

static int repairing_handler(long rdi, long rsi, long rdx, long rsp, long r8, long r9, struct run *run) {
  (void)rdi, (void)rsi, (void)rdx, (void)rsp, (void)r8, (void)r9;
  if (run->function == EEXIT) {
    return 0;
  }
  struct repairing *r = (struct repairing *)run->data;
  r->repair(r->e, run, r->arg);
  return ERESUME;
}

void call_repaired(struct enclave *e, struct op *op, repair *repair, void *arg) {
  find_vdso();
  struct repairing data = {e, repair, arg};
  struct run run = {.tcs = e->base + TCS0, .handler = (uint64_t)repairing_handler, .data = (uint64_t)&data};
  int result = vdso_enter((uint64_t)op, 0, 0, EENTER, 0, 0, &run);
  if (result != 0 || run.function != EEXIT) {
    errno = 0;
    fail("__vdso_sgx_enter_enclave returned %d, function %u", result, run.function);
  }
}

static void certainly(struct enclave *e, struct op *op, const char *what) {
  struct run run;
  int vector = call(e, op, &run);
  if (vector != -1) {
    errno = 0;
    fail("%s in the enclave: exception %d, error code %#x, address %#lx", what, vector, run.error_code, run.address);
  }
}

uint64_t enclave_read8(struct enclave *e, uint64_t address) {
  struct op op = {.number = OP_READ, .a = {address}};
  certainly(e, &op, "a read");
  return op.result;
}

void enclave_write8(struct enclave *e, uint64_t address, uint64_t value) {
  struct op op = {.number = OP_WRITE, .a = {address, value}};
  certainly(e, &op, "a write");
}

void enclave_copy(struct enclave *e, const void *from, void *to, size_t bytes) {
  struct op op = {.number = OP_COPY, .a = {(uint64_t)from, (uint64_t)to, bytes}};
  certainly(e, &op, "a copy");
}
