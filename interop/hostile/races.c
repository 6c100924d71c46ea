// munmap, mmap, mprotect and close against ioctl, EENTER and faults of other threads, and the end of the process against all of them.
#include <setjmp.h>
#include <sys/ucontext.h>

#include "common.h"

static struct enclave e;
static volatile int stop;
static double end;

static void *maps(void *arg) {
  while (!stop) {
    uint64_t offset = random64() % (ADDED / PAGE) * PAGE;
    switch (random64() % 4) {
    case 0:
      munmap((void *)(e.base + offset), PAGE);
      break;
    case 1:
      mprotect((void *)(e.base + offset), PAGE, PROT_NONE);
      break;
    case 2:
      mmap((void *)(e.base + offset), PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      break;
    default:
      munmap((void *)e.base, SIZE);
    }
    for (uint64_t at = 0; at < ADDED; at += PAGE) {
      mmap((void *)(e.base + at), PAGE, at == CODE ? PROT_READ | PROT_EXEC : at == READONLY ? PROT_READ : PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_FIXED, e.fd, 0);
    }
  }
  return arg;
}

static void *enters(void *arg) {
  struct op op;
  while (!stop) {
    op = (struct op){OP_WRITE, {e.base + SPARE, 1}};
    struct run run = {.tcs = e.base + (uint64_t)arg};
    if (vdso_enter((uint64_t)&op, 0, 0, EENTER, 0, 0, &run) != 0) {
      errno = 0;
      fail("the vDSO's function returned an error");
    }
    for (int i = 0; i < 5 && run.function == ERESUME; i++) {
      vdso_enter(0, 0, 0, ERESUME, 0, 0, &run);
    }
  }
  return NULL;
}

static void *asks(void *arg) {
  while (!stop) {
    struct sgx_restrict_permissions r = {SPARE, PAGE, SI_R | SI_W, 0, 0};
    ioctl(e.fd, SGX_RESTRICT_PERMISSIONS, &r);
    int fd = open("/dev/sgx_enclave", O_RDWR);
    struct secs secs = e.secs;
    struct sgx_create create = {(uint64_t)&secs};
    ioctl(fd, SGX_CREATE, &create);
    close(fd);
  }
  return arg;
}

static void race(int threads, void *(**f)(void *), void **args) {
  pthread_t ids[8];
  stop = 0;
  for (int i = 0; i < threads; i++) {
    pthread_create(&ids[i], NULL, f[i], args[i]);
  }
  while (seconds() < end) {
    usleep(1000);
  }
  stop = 1;
  for (int i = 0; i < threads; i++) {
    pthread_join(ids[i], NULL);
  }
}

static void against_mappings(void) {
  end = seconds() + 1;
  race(4, (void *(*[])(void *)){maps, enters, enters, asks}, (void *[]){NULL, (void *)TCS0, (void *)TCS1, NULL});
  // Whoever was inside when a page went may have left a frame; the enclave can be let go all the same.
  enclave_destroy(&e);
  works();
}

static int shared_fd;

static void *closes(void *arg) {
  while (!stop) {
    int fd = open("/dev/sgx_enclave", O_RDWR);
    dup2(fd, shared_fd);
    close(fd);
    if (random64() % 2) {
      close(shared_fd);
    }
  }
  return arg;
}

static void *uses(void *arg) {
  static char page[PAGE] __attribute__((aligned(4096)));
  while (!stop) {
    struct secs secs = e.secs;
    struct sgx_create create = {(uint64_t)&secs};
    ioctl(shared_fd, SGX_CREATE, &create);
    struct secinfo secinfo = {.flags = SI_REG | SI_R};
    struct sgx_add_pages add = {(uint64_t)page, random64() % SIZE & -PAGE, PAGE, (uint64_t)&secinfo, SGX_MEASURE, 0};
    ioctl(shared_fd, SGX_ADD_PAGES, &add);
    void *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, shared_fd, 0);
    if (at != MAP_FAILED) {
      munmap(at, PAGE);
    }
  }
  return arg;
}

static void against_close(void) {
  end = seconds() + 1;
  shared_fd = 100;
  race(4, (void *(*[])(void *)){closes, closes, uses, uses}, (void *[]){NULL, NULL, NULL, NULL});
  works();
}

static void *spins(void *arg) {
  struct op op = {OP_SPIN};
  struct run run = {.tcs = e.base + (uint64_t)arg};
  vdso_enter((uint64_t)&op, 0, 0, EENTER, 0, 0, &run);
  return NULL;
}

static void exits_while_inside(void) {
  pthread_t ids[3];
  pthread_create(&ids[0], NULL, spins, (void *)TCS0);
  pthread_create(&ids[1], NULL, spins, (void *)TCS1);
  pthread_create(&ids[2], NULL, asks, NULL);
  usleep(30000);
  _exit(0);
}

static void execs_while_inside(void) {
  pthread_t ids[3];
  pthread_create(&ids[0], NULL, spins, (void *)TCS0);
  pthread_create(&ids[1], NULL, spins, (void *)TCS1);
  pthread_create(&ids[2], NULL, asks, NULL);
  usleep(30000);
  execl("/bin/true", "true", NULL);
  _exit(1);
}

static void unmaps_under_a_spinner(void) {
  pthread_t id;
  pthread_create(&id, NULL, spins, (void *)TCS0);
  usleep(30000);
  munmap((void *)e.base, SIZE); // its code goes under it: it comes back with a page fault
  pthread_join(id, NULL);
}

static void killed_while_inside(void) {
  pthread_t id;
  pthread_create(&id, NULL, spins, (void *)TCS0);
  usleep(30000);
  pthread_kill(id, SIGTERM);
  sleep(5);
}

static void with_a_new_enclave(const char *what, int status, void (*f)(void)) {
  enclave_build(&e, 0);
  expect(what, status, f);
  enclave_destroy(&e);
}

int main(void) {
  vdso_enter_function = vdso_function("__vdso_sgx_enter_enclave");
  with_a_new_enclave("exit while inside", 0, exits_while_inside);
  with_a_new_enclave("exec while inside", 0, execs_while_inside);
  with_a_new_enclave("munmap under a thread inside", 0, unmaps_under_a_spinner);
  with_a_new_enclave("killed while inside", 256 + SIGTERM, killed_while_inside);
  with_a_new_enclave("against close", 0, against_close);
  with_a_new_enclave("against mappings", 0, against_mappings);
  works();
  return failed;
}
