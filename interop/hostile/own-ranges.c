// What lies in the program and is jsgx's: unmapped, overwritten, moved, made writable, jumped into. The program may die of it.
#include <sys/auxv.h>

#include "common.h"

#define CODE_PAGES 0x6a7367780000
#define PROCESS_PAGES 0x6a7367790000
#define THREAD_AREAS 0x6a7367800000

static const uint64_t ranges[] = {CODE_PAGES, PROCESS_PAGES, THREAD_AREAS};
static uint64_t range;

static void unmaps(void) {
  munmap((void *)range, 65536);
  works();
}

static void protects(void) {
  mprotect((void *)range, 65536, PROT_NONE);
  works();
}

static void makes_writable(void) {
  if (mprotect((void *)range, 65536, PROT_READ | PROT_WRITE | PROT_EXEC) == 0) {
    memset((void *)range, 0xcc, 65536);
  }
  works();
}

static void maps_over(void) {
  mmap((void *)range, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  works();
}

static void moves(void) {
  mremap((void *)range, 65536, 65536, MREMAP_MAYMOVE | MREMAP_FIXED, 0x100000000);
  works();
}

static void drops(void) {
  madvise((void *)range, 65536, MADV_DONTNEED);
  works();
}

static void writes(void) {
  for (int i = 0; i < 65536; i += 8) {
    *(volatile uint64_t *)(range + (uint64_t)i) = random64();
  }
  works();
}

static void writes_through_proc(void) {
  int fd = open("/proc/self/mem", O_RDWR);
  char garbage[4096];
  memset(garbage, 0xcc, sizeof garbage);
  pwrite(fd, garbage, sizeof garbage, (off_t)range);
  works();
}

static void jumps(void) {
  for (uint64_t i = 0; i < 4096; i += 64) {
    if (fork() == 0) {
      alarm(1);
      ((void (*)(void))(range + i))();
      _exit(0);
    }
  }
  while (wait(NULL) > 0) {
  }
}

static void unmaps_the_vdso(void) {
  works();
  munmap((void *)(getauxval(AT_SYSINFO_EHDR) & -4096), 8192);
  works();
}

static void unmaps_everything(void) {
  munmap((void *)0x6a0000000000, 0x10000000000);
  works();
}

static void *enters(void *arg) {
  struct enclave *e = arg;
  for (;;) {
    struct op op = {OP_COUNT, {10}};
    struct run run = {.tcs = e->base + TCS1};
    vdso_enter((uint64_t)&op, 0, 0, EENTER, 0, 0, &run);
  }
  return NULL;
}

static void unmaps_while_in_use(void) {
  static struct enclave e;
  enclave_build(&e, 0);
  vdso_enter_function = vdso_function("__vdso_sgx_enter_enclave");
  pthread_t id;
  pthread_create(&id, NULL, enters, &e);
  usleep(20000);
  munmap((void *)range, 65536);
  usleep(100000);
}

int main(void) {
  struct {
    const char *what;
    void (*f)(void);
  } games[] = {{"unmaps", unmaps},           {"protects", protects}, {"makes writable", makes_writable},
               {"maps over", maps_over},     {"moves", moves},       {"drops", drops},
               {"writes", writes},           {"writes through /proc", writes_through_proc},
               {"jumps", jumps},             {"unmaps while in use", unmaps_while_in_use}};
  for (int r = 0; r < 3; r++) {
    for (size_t i = 0; i < sizeof games / sizeof *games; i++) {
      char what[64];
      snprintf(what, sizeof what, "%s %#lx", games[i].what, ranges[r]);
      range = ranges[r];
      // Who overwrites what jsgx and its own threads talk by may wait for an answer until it is killed.
      (ranges[r] != CODE_PAGES ? ends_when_killed : survives)(what, games[i].f);
    }
  }
  survives("unmaps the vDSO", unmaps_the_vdso);
  survives("unmaps everything there", unmaps_everything);
  works();
  return failed;
}
