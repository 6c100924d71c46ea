// Descriptors in great number, none left, and all closed at once.
#include <sys/resource.h>

#include "common.h"

static void ten_thousand_opens(void) {
  for (int i = 0; i < 10000; i++) {
    int fd = open("/dev/sgx_enclave", O_RDWR);
    if (fd < 0) {
      fail("open number %d", i);
    }
    close(fd);
  }
  works();
}

static void as_many_as_there_are(void) {
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){1000, 1000});
  int opened = 0;
  while (open("/dev/sgx_enclave", O_RDWR) >= 0) {
    opened++;
  }
  if (errno != EMFILE) {
    fail("open number %d", opened);
  }
  if (open("/dev/sgx_provision", O_RDWR) != -1 || errno != EMFILE) {
    fail("open of another device");
  }
  for (int fd = 3; fd < 1000; fd += 2) {
    close(fd);
  }
  works();
}

static void a_limit_of_none(void) {
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, 3});
  if (open("/dev/sgx_enclave", O_RDWR) != -1 || errno != EMFILE) {
    fail("open with no descriptor left");
  }
}

static void all_closed(void) {
  struct enclave e;
  enclave_build(&e, 0);
  syscall(SYS_close_range, 0, ~0u, 0);
  enclave_write8(&e, e.base + SPARE, 1);
  struct op op = {OP_READ, {e.base + SPARE}};
  struct run run;
  if (call(&e, &op, &run) != -1 || op.result != 1) {
    _exit(3);
  }
  works();
}

static void each_replaced(void) {
  int null = open("/dev/null", O_RDWR);
  for (int fd = 3; fd < 512; fd++) {
    if (fd != null) {
      dup2(null, fd);
    }
  }
  works();
}

static void each_the_device(void) {
  int device = open("/dev/sgx_enclave", O_RDWR);
  for (int fd = 3; fd < 200; fd++) {
    if (fd != device) {
      dup2(device, fd);
    }
  }
  works();
}

static void file_size_limit(void) {
  setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0});
  works();
}

static void address_space_limit(void) {
  setrlimit(RLIMIT_AS, &(struct rlimit){1UL << 30, 1UL << 30});
  works();
}

static void locked_memory_limit(void) {
  setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0});
  works();
}

static void process_limit(void) {
  setrlimit(RLIMIT_NPROC, &(struct rlimit){0, 0});
  works();
}

static void stack_limit(void) {
  setrlimit(RLIMIT_STACK, &(struct rlimit){65536, 65536});
  works();
}

int main(void) {
  expect("ten thousand opens", 0, ten_thousand_opens);
  expect("as many as there are", 0, as_many_as_there_are);
  expect("a limit of none", 0, a_limit_of_none);
  expect("all closed", 0, all_closed);
  expect("each replaced", 0, each_replaced);
  expect("each the device", 0, each_the_device);
  expect("a limit of files' size", 0, file_size_limit);
  expect("a limit of address space", 0, address_space_limit);
  expect("a limit of locked memory", 0, locked_memory_limit);
  expect("a limit of processes", 0, process_limit);
  expect("a limit of the stack", 0, stack_limit);
  works();
  return failed;
}
