// Several enclaves, fork, exec, threads and death.
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "suite.h"

TEST(several_enclaves) {
  struct enclave e[8];
  for (int i = 0; i < 8; i++) {
    enclave_build(&e[i], 0);
    enclave_write8(&e[i], e[i].base + SPARE, 100 + (uint64_t)i);
  }
  for (int i = 0; i < 8; i += 2) {
    enclave_destroy(&e[i]);
  }
  for (int i = 1; i < 8; i += 2) {
    EQ(100 + i, enclave_read8(&e[i], e[i].base + SPARE));
  }
}

LIMIT_TEST(one_enclave_does_not_read_another, "the program and the enclave's memory") {
  struct enclave a, b;
  enclave_build(&a, 0);
  enclave_build(&b, 0);
  enclave_write8(&b, b.base + SPARE, 5);
  EQ(-1, enclave_read8(&a, b.base + SPARE)); // the abort page
}

TEST(an_enclave_reads_the_programs_memory) {
  struct enclave e;
  enclave_build(&e, 0);
  uint64_t word = 12;
  EQ(12, enclave_read8(&e, (uint64_t)&word));
  enclave_write8(&e, (uint64_t)&word, 13);
  EQ(13, word);
}

static void use_in_child(void *arg) {
  struct enclave *e = arg;
  EQ(1, enclave_read8(e, e->base + SPARE));
  enclave_write8(e, e->base + SPARE, 2);
}

TEST(a_child_uses_the_parents_enclave) {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + SPARE, 1);
  EQ(0, in_child(use_in_child, &e));
  EQ(2, enclave_read8(&e, e.base + SPARE)); // one enclave, not a copy
}

TEST(a_child_outlives_the_parents_mapping) {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + SPARE, 1);
  int ends[2];
  WORKS(pipe(ends));
  fflush(stdout);
  pid_t pid = WORKS(fork());
  if (pid == 0) {
    char byte;
    close(ends[1]);
    EQ(0, read(ends[0], &byte, 1)); // until the parent let go
    use_in_child(&e);
    _exit(0);
  }
  enclave_destroy(&e);
  close(ends[1]);
  int status;
  WORKS(waitpid(pid, &status, 0));
  EQ(0, status);
}

static void build_in_child(void *arg) {
  (void)arg;
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + SPARE, 9);
  EQ(9, enclave_read8(&e, e.base + SPARE));
}

static void build_in_grandchild(void *arg) {
  EQ(0, in_child(build_in_child, arg));
}

TEST(children_build_their_own) {
  EQ(0, in_child(build_in_child, NULL));
  EQ(0, in_child(build_in_grandchild, NULL));
}

TEST(children_at_the_same_time) {
  fflush(stdout);
  pid_t pids[6];
  for (int i = 0; i < 6; i++) {
    pids[i] = WORKS(fork());
    if (pids[i] == 0) {
      build_in_child(NULL);
      _exit(0);
    }
  }
  for (int i = 0; i < 6; i++) {
    int status;
    WORKS(waitpid(pids[i], &status, 0));
    EQ(0, status);
  }
}

TEST(vfork_and_exec) {
  struct enclave e;
  enclave_build(&e, 0);
  for (int i = 0; i < 5; i++) {
    pid_t pid = vfork();
    if (pid == 0) {
      execl("/bin/true", "true", NULL);
      _exit(1);
    }
    int status;
    WORKS(waitpid(pid, &status, 0));
    EQ(0, status);
    enclave_write8(&e, e.base + SPARE, (uint64_t)i);
  }
}

TEST(posix_spawn_works) {
  extern char **environ;
  pid_t pid;
  char *args[] = {"true", NULL};
  struct enclave e;
  enclave_build(&e, 0);
  EQ(0, posix_spawn(&pid, "/bin/true", NULL, NULL, args, environ));
  int status;
  WORKS(waitpid(pid, &status, 0));
  EQ(0, status);
  enclave_write8(&e, e.base + SPARE, 1);
}

static void no_core(void) {
  WORKS(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}));
}

// A child that spins in the parent's enclave; returns when it is inside.
static pid_t spinning_child(struct enclave *e) {
  struct op *op = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  op->number = OP_SPIN;
  fflush(stdout);
  pid_t pid = WORKS(fork());
  if (pid == 0) {
    no_core();
    struct run run;
    call(e, op, &run);
    _exit(0);
  }
  while (*(volatile uint64_t *)&op->result == 0) {
    usleep(1000);
  }
  return pid;
}

TEST(death_by_a_signal_inside) {
  int killers[] = {SIGKILL, SIGTERM, SIGSEGV, SIGALRM};
  for (size_t i = 0; i < sizeof killers / sizeof *killers; i++) {
    struct enclave e;
    enclave_build(&e, 0);
    pid_t pid = spinning_child(&e);
    WORKS(kill(pid, killers[i]));
    int status;
    WORKS(waitpid(pid, &status, 0));
    TRUE(WIFSIGNALED(status));
    EQ(killers[i], WTERMSIG(status));
    struct op op = {OP_NOP};
    struct run run;
    EQ(-1, call(&e, &op, &run)); // the TCS is free again
    EQ(1, op.cssa); // and the dead thread's frame is taken
    enclave_destroy(&e);
  }
}

static void die_of_a_fault(void *arg) {
  struct enclave *e = arg;
  no_core();
  struct op op = {OP_INSTRUCTION, {I_UD2}};
  own_enter(EENTER, e->base + TCS0, &op);
}

TEST(an_unhandled_exception_kills) {
  struct enclave e;
  enclave_build(&e, 0);
  EQ(256 + SIGILL, in_child(die_of_a_fault, &e));
}

static void touch_missing(void *arg) {
  struct enclave *e = arg;
  no_core();
  *(volatile char *)(e->base + SPARE);
}

TEST(a_page_that_is_not_there_before_init) {
  struct enclave e;
  enclave_open(&e, 0);
  EQ(0, enclave_create(&e));
  TRUE(mmap((void *)e.base, SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, e.fd, 0) != MAP_FAILED);
  EQ(256 + SIGBUS, in_child(touch_missing, &e));
}

TEST(stop_and_continue_inside) {
  struct enclave e;
  enclave_build(&e, 0);
  pid_t pid = spinning_child(&e);
  int status;
  WORKS(kill(pid, SIGSTOP));
  EQ(pid, WORKS(waitpid(pid, &status, WUNTRACED)));
  TRUE(WIFSTOPPED(status));
  WORKS(kill(pid, SIGCONT));
  EQ(pid, WORKS(waitpid(pid, &status, WCONTINUED)));
  TRUE(WIFCONTINUED(status));
  WORKS(kill(pid, SIGKILL));
  WORKS(waitpid(pid, &status, 0));
}

TEST(everything_goes_with_the_process) {
  // Were the pages of dead processes kept, EPC of any size would be full: what a SECS and version arrays take is never reclaimed.
  for (int i = 0; i < 60; i++) {
    EQ(0, in_child(build_in_child, NULL));
  }
}

static void *build_in_thread(void *arg) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_COUNT, {1000}};
  struct run run;
  if (call(&e, &op, &run) != -1 || op.result != 1000) {
    fail("the thread's enclave counts to %lu", op.result);
  }
  enclave_destroy(&e);
  return arg;
}

TEST(threads_with_an_enclave_each) {
  vdso_enter_function = vdso_function("__vdso_sgx_enter_enclave");
  pthread_t ids[4];
  for (int i = 0; i < 4; i++) {
    EQ(0, pthread_create(&ids[i], NULL, build_in_thread, NULL));
  }
  for (int i = 0; i < 4; i++) {
    EQ(0, pthread_join(ids[i], NULL));
  }
}

static void *sleep_forever(void *arg) {
  for (;;) {
    pause();
  }
  return arg;
}

static void exec_among_threads(void *arg) {
  struct enclave e;
  enclave_build(&e, 0);
  pthread_t ids[3];
  for (int i = 0; i < 3; i++) {
    EQ(0, pthread_create(&ids[i], NULL, sleep_forever, NULL));
  }
  execl("/bin/true", "true", NULL);
  (void)arg;
}

static void *exec_in_thread(void *arg) {
  execl("/bin/true", "true", NULL);
  return arg;
}

static void exec_in_another_thread(void *arg) {
  struct enclave e;
  enclave_build(&e, 0);
  pthread_t id;
  EQ(0, pthread_create(&id, NULL, exec_in_thread, NULL));
  sleep_forever(arg);
}

TEST(exec_ends_the_other_threads) {
  EQ(0, in_child(exec_among_threads, NULL));
  EQ(0, in_child(exec_in_another_thread, NULL));
}

TEST(clocks_work) {
  struct timespec a, b;
  WORKS(clock_gettime(CLOCK_MONOTONIC, &a));
  usleep(1000);
  WORKS(clock_gettime(CLOCK_MONOTONIC, &b));
  TRUE((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 1000000);
  TRUE(sched_getcpu() >= 0);
}
