// A program as runtimes were before the vDSO: an ENCLU of its own, an AEP, and signal handlers that look whether a fault came from an
// enclave. Exceptions inside are handed to the enclave by a second EENTER on the same TCS, then the first call is resumed.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "../lib/enclave.h"

void fail(const char *format, ...) {
  int error = errno;
  va_list args;
  va_start(args, format);
  fprintf(stderr, "own-eenter: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, error != 0 ? ": %s\n" : "\n", strerror(error));
  exit(1);
}

static struct enclave enclave;
static volatile int outside, inside, lost, alarms;
static struct sigaction before;

// The exception handler of the enclave: looks at the frame, and says whether it changed it.
static int handled_inside(uint64_t tcs) {
  uint64_t frame = enclave.base + (tcs == enclave.base + TCS0 ? SSA0 : SSA1) + PAGE - sizeof(struct gprsgx);
  struct op op = {OP_READ, {frame + offsetof(struct gprsgx, exitinfo)}};
  if (own_enter(EENTER, tcs, &op) != 0 || op.cssa != 1) {
    fail("the second EENTER");
  }
  if ((uint32_t)op.result != EXITINFO(UD, 3)) {
    return 0;
  }
  op = (struct op){OP_READ, {frame + offsetof(struct gprsgx, rip)}};
  own_enter(EENTER, tcs, &op);
  op = (struct op){OP_WRITE, {frame + offsetof(struct gprsgx, rip), op.result + 2}}; // behind UD2
  own_enter(EENTER, tcs, &op);
  return 1;
}

static void handler(int signal, siginfo_t *info, void *context) {
  greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
  if (r[REG_RIP] == (greg_t)own_aep && r[REG_RAX] == ERESUME) {
    inside++;
    if (signal == SIGILL && handled_inside((uint64_t)r[REG_RBX])) {
      return; // to ERESUME
    }
    if (signal == SIGSEGV && mprotect((void *)((uint64_t)info->si_addr & -PAGE), PAGE, PROT_READ | PROT_WRITE) == 0) {
      return;
    }
    r[REG_RIP] = (greg_t)own_abort;
    return;
  }
  if (r[REG_RIP] == (greg_t)own_enclu) { // the enclave is gone
    lost++;
    r[REG_RIP] = (greg_t)own_abort;
    return;
  }
  before.sa_sigaction(signal, info, context);
}

static void of_the_program(int signal, siginfo_t *info, void *context) {
  (void)signal;
  outside++;
  mprotect((void *)((uint64_t)info->si_addr & -PAGE), PAGE, PROT_READ | PROT_WRITE);
  (void)context;
}

static void on_alarm(int signal) {
  (void)signal;
  alarms++;
}

static void *with_a_stack(void *arg) {
  struct op *op = arg;
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  sigaltstack(&stack, NULL);
  if (own_enter(EENTER, enclave.base + (op->a[5] != 0 ? TCS1 : TCS0), op) != 0) {
    fail("a call into the enclave was given up");
  }
  return NULL;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct sigaction action = {.sa_sigaction = of_the_program, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGSEGV, &action, NULL); // first the program's, then the runtime's that takes over
  action.sa_sigaction = handler;
  action.sa_flags |= SA_NODEFER;
  sigaction(SIGSEGV, &action, &before);
  sigaction(SIGILL, &action, NULL);
  signal(SIGALRM, on_alarm);
  enclave_build(&enclave, 0);

  struct op op = {OP_COUNT, {500}};
  with_a_stack(&op);
  printf("a call: %lu\n", op.result);

  op = (struct op){OP_INSTRUCTION, {I_UD2, 77}};
  with_a_stack(&op);
  printf("UD2 inside, skipped by the enclave: %lu, %d exceptions\n", op.result, inside);

  mprotect((void *)(enclave.base + SPARE), PAGE, PROT_NONE);
  op = (struct op){OP_WRITE, {enclave.base + SPARE, 4}};
  with_a_stack(&op);
  op = (struct op){OP_READ, {enclave.base + SPARE}};
  with_a_stack(&op);
  printf("a page opened by the handler: %lu, %d exceptions\n", op.result, inside);

  char *page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *(volatile char *)page = 1;
  op = (struct op){OP_READ, {(uint64_t)page}}; // memory of the program, from inside
  mprotect(page, PAGE, PROT_NONE);
  with_a_stack(&op);
  printf("faults outside: %d, of the program's memory from inside: %lu\n", outside, op.result);

  setitimer(ITIMER_REAL, &(struct itimerval){{0, 3000}, {0, 3000}}, NULL);
  struct op work[2] = {{OP_WORK, {100000000}}, {OP_WORK, {100000000, 0, 0, 0, 0, 1}}};
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) {
    pthread_create(&threads[i], NULL, with_a_stack, &work[i]);
  }
  for (int i = 0; i < 2; i++) {
    pthread_join(threads[i], NULL);
  }
  setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
  printf("two threads under alarms: %lu and %lu, %s\n", work[0].result, work[1].result, alarms > 5 ? "many alarms" : "few alarms");

  munmap((void *)enclave.base, SIZE);
  op = (struct op){OP_NOP};
  int result = own_enter(EENTER, enclave.base + TCS0, &op);
  printf("the enclave is gone: %d, %d lost\n", result, lost);
}
