// A program of the out-of-tree driver's days: /dev/isgx, a launch token as an argument of INIT, an ENCLU of its own.
//
//   isgx-program write FOLDER   enclave.sgxs and enclave.sigstruct, for who makes the token
//   isgx-program run FOLDER     launches that enclave with FOLDER/token and enters it
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/enclave.h"

enum { TOKEN = 304, SIGSTRUCT = 1808 };

void fail(const char *format, ...) {
  int error = errno;
  va_list args;
  va_start(args, format);
  fprintf(stderr, "isgx-program: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, error != 0 ? ": %s\n" : "\n", strerror(error));
  exit(1);
}

static FILE *file(const char *folder, const char *name, const char *mode) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, mode);
  if (file == NULL) {
    fail("%s", path);
  }
  return file;
}

static void put(FILE *to, const void *bytes, size_t size) {
  if (fwrite(bytes, size, 1, to) != 1) {
    fail("write");
  }
}

static void get(FILE *from, void *bytes, size_t size) {
  if (fread(bytes, size, 1, from) != 1) {
    fail("read of %zu bytes", size);
  }
  fclose(from);
}

// An SGXS file is what is measured, as it is measured.
static void write_files(const char *folder) {
  static char page[PAGE];
  struct enclave e;
  enclave_prepare(&e, 0);
  FILE *sgxs = file(folder, "enclave.sgxs", "wb");
  struct {
    char tag[8];
    uint32_t ssaframesize;
    uint64_t size;
    char zero[44];
  } __attribute__((packed)) create = {"ECREATE", 1, SIZE, {0}};
  put(sgxs, &create, sizeof create);
  measure_create(&e);
  for (uint64_t offset = 0; offset < ADDED; offset += PAGE) {
    enclave_page(&e, offset, page);
    struct {
      char tag[8];
      uint64_t offset, flags;
      char zero[40];
    } add = {"EADD", offset, enclave_page_flags(offset), {0}}, extend = {"EEXTEND", 0, 0, {0}};
    put(sgxs, &add, sizeof add);
    for (uint64_t chunk = 0; chunk < PAGE; chunk += 256) {
      extend.offset = offset + chunk;
      put(sgxs, &extend, sizeof extend);
      put(sgxs, page + chunk, 256);
    }
    measure_page(&e, offset, enclave_page_flags(offset), page, true);
  }
  fclose(sgxs);
  measure_end(&e);
  sigstruct_sign(&e.sig, 0);
  FILE *sigstruct = file(folder, "enclave.sigstruct", "wb");
  put(sigstruct, &e.sig, SIGSTRUCT);
  fclose(sigstruct);
}

// The driver answers with an errno, or with EINIT's code.
static int init(int device, const struct enclave *e, void *token) {
  struct isgx_init arg = {e->base, (uint64_t)&e->sig, (uint64_t)token};
  errno = 0;
  return ioctl(device, ISGX_INIT, &arg);
}

static void run(const char *folder) {
  static char page[PAGE];
  static uint8_t token[512] __attribute__((aligned(512))), other[512] __attribute__((aligned(512)));
  struct enclave e;
  enclave_prepare(&e, 0);
  get(file(folder, "enclave.sigstruct", "rb"), &e.sig, SIGSTRUCT);
  get(file(folder, "token", "rb"), token, TOKEN);

  int device = open("/dev/isgx", O_RDWR);
  if (device < 0) {
    fail("open /dev/isgx");
  }
  void *base = mmap(NULL, SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, device, 0);
  if (base == MAP_FAILED) {
    fail("mmap of /dev/isgx");
  }
  if ((uint64_t)base % SIZE != 0) {
    errno = 0;
    fail("the driver chose %p, which is no multiple of the size", base);
  }
  e.base = e.secs.base = (uint64_t)base;
  struct sgx_create create = {(uint64_t)&e.secs};
  if (ioctl(device, ISGX_CREATE, &create) != 0) {
    fail("CREATE");
  }
  for (uint64_t offset = 0; offset < ADDED; offset += PAGE) {
    enclave_page(&e, offset, page);
    struct secinfo secinfo = {.flags = enclave_page_flags(offset)};
    struct isgx_add_page add = {e.base + offset, (uint64_t)page, (uint64_t)&secinfo, 0xffff};
    if (ioctl(device, ISGX_ADD_PAGE, &add) != 0) {
      fail("ADD_PAGE at %#lx", offset);
    }
  }
  printf("INIT without a token: %d\n", init(device, &e, other));
  memcpy(other, token, TOKEN);
  other[TOKEN - 1] ^= 1;
  printf("INIT with a damaged token: %d\n", init(device, &e, other));
  int result = init(device, &e, token);
  if (result != 0) {
    fail("INIT with the token of %s/token says %d", folder, result);
  }
  printf("INIT with its token: 0\n");

  struct op op = {OP_WRITE, {e.base + SPARE, 42}};
  if (own_enter(EENTER, e.base + TCS0, &op) != 0) {
    fail("EENTER");
  }
  op = (struct op){OP_READ, {e.base + SPARE}};
  own_enter(EENTER, e.base + TCS1, &op);
  printf("the enclave says %lu\n", op.result);
  op = (struct op){OP_COUNT, {1000}};
  own_enter(EENTER, e.base + TCS0, &op);
  printf("the enclave counts to %lu\n", op.result);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc == 3 && strcmp(argv[1], "write") == 0) {
    write_files(argv[2]);
  } else if (argc == 3 && strcmp(argv[1], "run") == 0) {
    run(argv[2]);
  } else {
    fprintf(stderr, "usage: isgx-program write|run FOLDER\n");
    return 2;
  }
}
