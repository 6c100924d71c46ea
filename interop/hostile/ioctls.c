// ioctls with random requests, pointers and sizes, on files in every state, while the memory that they point to changes.
#include "common.h"

static char *area;  // half of it mapped, and its protection changes
static char *alias; // the same memory
static volatile int stop;

static uint64_t pointer(void) {
  switch (random64() % 8) {
  case 0:
    return random64();
  case 1:
    return random64() >> (random64() % 64);
  case 2:
    return -(random64() % 8192);
  case 3:
    return 0x6a7367780000 + random64() % 0x100000; // where jsgx has its own
  case 4:
    return (uint64_t)area + 4096 - random64() % 64;
  default:
    return (uint64_t)area + random64() % 0x10000;
  }
}

static void *changes(void *arg) {
  while (!stop) {
    mprotect(area + (random64() % 8) * 4096, 4096, (int)(random64() % 4));
    mprotect(area, 0x8000, PROT_READ | PROT_WRITE);
  }
  return arg;
}

int main(void) {
  unsigned long requests[] = {SGX_CREATE,       SGX_ADD_PAGES,    SGX_INIT,   SGX_PROVISION, SGX_RESTRICT_PERMISSIONS, SGX_MODIFY_TYPES,
                              SGX_REMOVE_PAGES, SGX_VEPC_REMOVE_ALL, ISGX_ADD_PAGE, ISGX_INIT, 0x4010a402, 0x4018a409, 0x4010a40a,
                              0x4010a40b,       0x4010a40c,       0x4008a40d};
  const char *devices[] = {"/dev/sgx_enclave", "/dev/sgx_provision", "/dev/isgx", "/dev/sgx", "/dev/sgx_vepc"};
  int memory = memfd_create("area", 0);
  ftruncate(memory, 0x8000);
  area = mmap(NULL, 0x10000, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  alias = mmap(NULL, 0x8000, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  munmap(area + 0x8000, 0x8000);
  pthread_t thread;
  pthread_create(&thread, NULL, changes, NULL);
  struct enclave created, whole;
  enclave_open(&created, 0);
  enclave_create(&created);
  enclave_build(&whole, 0);
  double end = seconds() + 2;
  for (int round = 0; round < 20000 && seconds() < end; round++) {
    int fd = -1;
    if (round % 4 == 0) {
      fd = created.fd;
    } else if (round % 4 == 1) {
      fd = whole.fd;
    } else {
      fd = open(devices[random64() % 5], O_RDWR);
    }
    for (int i = 0; i < 8; i++) {
      // A structure that is nearly right: what it points to, is random.
      uint64_t *words = (uint64_t *)alias;
      words[0] = pointer();
      words[1] = random64() % 2 ? random64() % SIZE & -4096 : pointer();
      words[2] = random64() % 2 ? 4096 * (random64() % 64) : pointer();
      words[3] = pointer();
      ioctl(fd, random64() % 16 == 0 ? random64() : requests[random64() % 16], random64() % 2 ? (uint64_t)area : pointer());
    }
    if (fd != created.fd && fd != whole.fd) {
      close(fd);
    }
  }
  stop = 1;
  pthread_join(thread, NULL);
  works();
  return failed;
}
