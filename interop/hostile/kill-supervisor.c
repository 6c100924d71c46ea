// Kills its supervisor with SIGKILL while it and its children are at work. They all must end.
#include "common.h"

static struct enclave e;

static void *spins(void *arg) {
  struct op op = {OP_SPIN};
  struct run run;
  call(&e, &op, &run);
  return arg;
}

int main(void) {
  enclave_build(&e, 0);
  pid_t supervisor = getppid();
  for (int i = 0; i < 3; i++) {
    if (fork() == 0) {
      if (i == 0) {
        spins(NULL);
      }
      for (;;) {
        if (i == 1) {
          pause();
        }
      }
    }
  }
  pthread_t id;
  pthread_create(&id, NULL, spins, NULL);
  usleep(50000);
  kill(supervisor, SIGKILL);
  for (;;) {
    pause();
  }
}
