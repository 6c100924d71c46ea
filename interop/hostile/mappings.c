// Mappings over and under enclaves, code unloaded while it runs, and ranges that wrap.
#include <dlfcn.h>

#include "common.h"

static struct enclave e;

static void covered(void) {
  enclave_build(&e, 0);
  char *over = mmap((void *)(e.base + SPARE), PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (over == MAP_FAILED) {
    fail("mmap over an enclave's page");
  }
  memset(over, 7, PAGE); // ordinary memory
  struct op op = {OP_READ, {e.base + SPARE}};
  struct run run;
  call(&e, &op, &run); // memory in the enclave's range that is none of its pages
  int fd = open("/proc/self/exe", O_RDONLY);
  mmap((void *)(e.base + DATA), PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
  if (*(char *)(e.base + DATA) != 0x7f) {
    errno = 0;
    fail("a file mapped over the enclave reads otherwise");
  }
  mremap(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
         e.base + READONLY);
  *(volatile char *)(e.base + READONLY) = 1;
  enclave_destroy(&e);
  works();
}

static void again_and_again(void) {
  enclave_build(&e, 0);
  for (int i = 0; i < 500; i++) {
    munmap((void *)e.base, SIZE);
    mmap((void *)e.base, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    enclave_map(&e, e.fd);
  }
  enclave_write8(&e, e.base + SPARE, 1);
}

static void ranges_that_wrap(void) {
  enclave_build(&e, 0);
  uint64_t bad[] = {0, -PAGE, 1UL << 63, 1UL << 47, (1UL << 47) - PAGE, -1UL};
  for (size_t i = 0; i < 6; i++) {
    for (size_t k = 0; k < 6; k++) {
      munmap((void *)(bad[i] | 1), bad[k] | 1);
      mprotect((void *)bad[i], bad[k], PROT_READ);
      mmap((void *)bad[i], bad[k], PROT_READ, MAP_SHARED, e.fd, 0);
      mremap((void *)bad[i], bad[k], bad[(i + k) % 6], MREMAP_MAYMOVE);
      madvise((void *)bad[i], bad[k], MADV_DONTNEED);
    }
  }
  works();
}

static void every_page_its_own(void) {
  enclave_build(&e, 0);
  for (int i = 0; i < 2000; i++) {
    mprotect((void *)(e.base + random64() % (ADDED / PAGE) * PAGE), PAGE, (int)(random64() % 8));
  }
  enclave_map(&e, e.fd);
  enclave_write8(&e, e.base + SPARE, 1);
}

static void unloads_code(void) {
  for (int i = 0; i < 20; i++) {
    void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
    if (library != NULL) {
      works();
      dlclose(library);
    }
  }
  works();
}

static void returns_to_nothing(void) {
  // The page of the code that runs goes under it.
  char *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  static const unsigned char unmaps_itself[] = {0xb8, 11, 0, 0, 0, 0x0f, 0x05, 0xc3}; // munmap(RDI, RSI), ret
  memcpy(code, unmaps_itself, sizeof unmaps_itself);
  ((void (*)(void *, long))code)(code, PAGE);
}

static void writes_code_that_asks(void) {
  // CPUID and ENCLU in memory that the program wrote itself.
  unsigned char *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  static const unsigned char enclu[] = {0xb8, 2, 0, 0, 0, 0x31, 0xdb, 0x0f, 0x01, 0xd7, 0xc3};
  memcpy(code, enclu, sizeof enclu);
  ((void (*)(void))code)(); // EENTER at 0: a fault of its own
}

static void enclu_at_the_end_of_a_page(void) {
  char *code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(code + PAGE - 2, "\x0f\x01\xd7", 3);
  mprotect(code + PAGE, PAGE, PROT_NONE);
  ((void (*)(void))(code + PAGE - 2))();
}

static void prefixed_enclu(void) {
  __asm__ volatile("mov $2, %%eax; xor %%ebx, %%ebx; .byte 0x66, 0x0f, 0x01, 0xd7" ::: "rax", "rbx", "rcx");
}

int main(void) {
  expect("covered", 0, covered);
  expect("again and again", 0, again_and_again);
  survives("ranges that wrap", ranges_that_wrap);
  expect("every page its own", 0, every_page_its_own);
  expect("unloads code", 0, unloads_code);
  expect("returns to nothing", 256 + SIGSEGV, returns_to_nothing);
  expect("writes code that asks", 256 + SIGSEGV, writes_code_that_asks);
  expect("ENCLU at the end of a page", 256 + SIGSEGV, enclu_at_the_end_of_a_page);
  survives("ENCLU with a prefix", prefixed_enclu);
  works();
  return failed;
}
