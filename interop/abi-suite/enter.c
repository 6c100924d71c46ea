// EENTER, EEXIT and ERESUME through the vDSO and by an ENCLU of the program's own; exceptions, signals and what they show.
#include <pthread.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "suite.h"

static int through_vdso(uint64_t rdi, uint32_t leaf, struct run *run) {
  if (vdso_enter_function == NULL) {
    vdso_enter_function = vdso_function("__vdso_sgx_enter_enclave");
    TRUE(vdso_enter_function != NULL);
  }
  return vdso_enter(rdi, 0, 0, leaf, 0, 0, run);
}

TEST(the_vdso_has_its_other_functions_too) {
  const char *names[] = {"__vdso_sgx_enter_enclave", "__vdso_clock_gettime", "__vdso_gettimeofday", "__vdso_time", "__vdso_getcpu",
                         "__vdso_clock_getres"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (vdso_function(names[i]) == NULL) {
      errno = 0;
      fail("the vDSO has no %s", names[i]);
    }
  }
  int (*clock)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))vdso_function("__vdso_clock_gettime");
  struct timespec a, b;
  EQ(0, clock(CLOCK_MONOTONIC, &a));
  WORKS(clock_gettime(CLOCK_MONOTONIC, &b));
  long between = (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;
  TRUE(between >= 0 && between < 1000000000);
}

TEST(the_vdso_refuses_other_leaves) {
  struct enclave e;
  enclave_build(&e, 0);
  uint32_t leaves[] = {0, 1, 4, 5, 6, 7, 9, 0x80000002, ~0u};
  struct op op = {OP_NOP};
  for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
    struct run run = {.tcs = e.base, .function = 77, .vector = 78, .error_code = 79, .address = 80};
    EQ(-EINVAL, through_vdso((uint64_t)&op, leaves[i], &run));
    EQ(77, run.function); // the report is as it was
    EQ(78, run.vector);
    EQ(79, run.error_code);
    EQ(80, run.address);
  }
}

TEST(the_vdso_refuses_reserved_bytes) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_NOP};
  for (size_t i = 0; i < 216; i += 43) {
    struct run run = {.tcs = e.base};
    run.reserved[i] = 1;
    EQ(-EINVAL, through_vdso((uint64_t)&op, EENTER, &run));
    EQ(0, run.function);
  }
}

TEST(enter_and_exit) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_REGISTERS};
  struct run run = {.tcs = e.base + TCS0, .data = 99, .vector = 78, .error_code = 79, .address = 80};
  TRUE(vdso_function("__vdso_sgx_enter_enclave") != NULL);
  vdso_enter_function = vdso_function("__vdso_sgx_enter_enclave");
  EQ(0, vdso_enter((uint64_t)&op, 12, 13, EENTER, 18, 19, &run));
  EQ(EEXIT, run.function);
  EQ(99, run.data);
  EQ(78, run.vector); // written for exceptions only
  EQ(79, run.error_code);
  EQ(80, run.address);
  EQ(0, op.cssa);
  EQ(e.base + TCS0, op.r[0]); // RBX
  EQ(13, op.r[1]);
  EQ(12, op.r[2]);
  EQ((uint64_t)&op, op.r[3]);
  EQ(18, op.r[4]);
  EQ(19, op.r[5]);
  TRUE(op.returns > (uint64_t)vdso_enter_function && op.returns < (uint64_t)vdso_enter_function + 4096);
  EQ(0xd7010f, *(uint32_t *)(op.returns - 3) & 0xffffff); // RCX is behind an ENCLU
}

TEST(enter_with_a_bad_tcs) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_NOP};
  static char page[PAGE] __attribute__((aligned(4096)));
  struct {
    uint64_t tcs;
    int vector;
  } bad[] = {{e.base + 8, GP},    {1, GP},          {NON_CANONICAL, GP}, {0, PF}, {(uint64_t)page, PF}, {(uint64_t)nothing(), PF},
             {e.base + DATA, PF}, {e.base + CODE, PF}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct run run = {.tcs = bad[i].tcs};
    EQ(0, through_vdso((uint64_t)&op, EENTER, &run));
    EQ(EENTER, run.function);
    EQ(bad[i].vector, run.vector);
    if (bad[i].vector == PF) {
      EQ(bad[i].tcs & -PAGE, run.address & -PAGE);
    } else {
      EQ(0, run.error_code);
      EQ(0, run.address);
    }
  }
}

TEST(enter_before_init) {
  struct enclave e;
  enclave_open(&e, 0);
  EQ(0, enclave_create(&e));
  enclave_add_all(&e);
  enclave_map(&e, e.fd);
  struct op op = {OP_NOP};
  struct run run = {.tcs = e.base};
  EQ(0, through_vdso((uint64_t)&op, EENTER, &run));
  EQ(EENTER, run.function);
  EQ(GP, run.vector);
}

TEST(resume_of_nothing) {
  struct enclave e;
  enclave_build(&e, 0);
  struct run run = {.tcs = e.base};
  EQ(0, through_vdso(0, ERESUME, &run));
  EQ(ERESUME, run.function);
  EQ(GP, run.vector);
}

// The user handler.

static struct {
  int calls, function, vector, result;
  long rdi, rflags;
  struct run *run;
} seen;

static int handler(long rdi, long rsi, long rdx, long rsp, long r8, long r9, struct run *run) {
  long flags;
  __asm__ volatile("pushfq; popq %0" : "=r"(flags));
  seen.calls++;
  seen.rdi = rdi;
  (void)rsi, (void)rdx, (void)rsp, (void)r8, (void)r9;
  seen.rflags = flags;
  seen.run = run;
  seen.function = (int)run->function;
  seen.vector = run->vector;
  TRUE(((uint64_t)__builtin_frame_address(0) & 15) == 0); // after the push of RBP
  return seen.result;
}

TEST(the_user_handler_sees_every_return) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_NOP};
  struct run run = {.tcs = e.base, .handler = (uint64_t)handler};
  EQ(0, through_vdso((uint64_t)&op, EENTER, &run));
  EQ(1, seen.calls);
  EQ(EEXIT, seen.function);
  EQ((uint64_t)&run, (uint64_t)seen.run);
  EQ((uint64_t)&op, (uint64_t)seen.rdi);
  EQ(0, seen.rflags & 0x400);

  seen.result = -123; // is returned as it is
  EQ(-123, through_vdso((uint64_t)&op, EENTER, &run));
  op = (struct op){OP_INSTRUCTION, {I_UD2}};
  EQ(-123, through_vdso((uint64_t)&op, EENTER, &run));
  EQ(3, seen.calls);
  EQ(ERESUME, seen.function);
  EQ(UD, seen.vector);
  run.tcs = 8;
  EQ(-123, through_vdso((uint64_t)&op, EENTER, &run));
  EQ(4, seen.calls);
  EQ(GP, seen.vector);
  run.tcs = e.base;
  EQ(-EINVAL, through_vdso((uint64_t)&op, 7, &run)); // not for what the vDSO itself refuses
  EQ(4, seen.calls);
}

// A handler whose RDI goes to the enclave when it asks for EENTER again, once.
extern char entering_handler[];
struct op *next_op;
__asm__(".globl entering_handler\n"
        "entering_handler:\n"
        "  mov next_op(%rip), %rdi\n"
        "  xor %eax, %eax\n"
        "  test %rdi, %rdi\n"
        "  jz 1f\n"
        "  movq $0, next_op(%rip)\n"
        "  mov $2, %eax\n"
        "1: ret\n");

TEST(the_user_handler_enters_again) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op first = {OP_REGISTERS}, second = {OP_REGISTERS};
  struct run run = {.tcs = e.base, .handler = (uint64_t)entering_handler};
  next_op = &second;
  EQ(0, through_vdso((uint64_t)&first, EENTER, &run));
  EQ(e.base + TCS0, first.r[0]);
  EQ(e.base + TCS0, second.r[0]);
  EQ((uint64_t)&second, second.r[3]);
  EQ(0, second.cssa);
}

static int repairing_handler(long rdi, long rsi, long rdx, long rsp, long r8, long r9, struct run *run) {
  (void)rdi, (void)rsi, (void)rdx, (void)rsp, (void)r8, (void)r9;
  if (run->function == EEXIT) {
    return 0;
  }
  EQ(PF, run->vector);
  WORKS(mprotect((void *)run->address, PAGE, PROT_READ | PROT_WRITE));
  return ERESUME;
}

TEST(the_user_handler_repairs_and_resumes) {
  struct enclave e;
  enclave_build(&e, 0);
  WORKS(mprotect((void *)(e.base + SPARE), PAGE, PROT_NONE));
  struct op op = {OP_WRITE, {e.base + SPARE + 8, 55}};
  struct run run = {.tcs = e.base, .handler = (uint64_t)repairing_handler};
  EQ(0, through_vdso((uint64_t)&op, EENTER, &run));
  EQ(EEXIT, run.function);
  EQ(55, enclave_read8(&e, e.base + SPARE + 8));
}

TEST(the_caller_resumes) {
  struct enclave e;
  enclave_build(&e, 0);
  void *spare = (void *)(e.base + SPARE);
  WORKS(mprotect(spare, PAGE, PROT_NONE));
  struct op op = {OP_WRITE, {e.base + SPARE, 55}};
  struct run run = {.tcs = e.base};
  EQ(0, through_vdso((uint64_t)&op, EENTER, &run));
  EQ(PF, run.vector);
  WORKS(mprotect(spare, PAGE, PROT_READ | PROT_WRITE));
  EQ(0, through_vdso(0, ERESUME, &run)); // RDI and the rest come from the SSA
  EQ(EEXIT, run.function);
  EQ(55, enclave_read8(&e, e.base + SPARE));
  EQ(0, op.cssa);
}

TEST(the_user_handler_asks_for_a_bad_leaf) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_NOP};
  struct run run = {.tcs = e.base, .handler = (uint64_t)handler};
  seen.result = 7;
  EQ(-EINVAL, through_vdso((uint64_t)&op, EENTER, &run));
  EQ(1, seen.calls);
}

static jmp_buf away;

static int jumping_handler(long rdi, long rsi, long rdx, long rsp, long r8, long r9, struct run *run) {
  (void)rdi, (void)rsi, (void)rdx, (void)rsp, (void)r8, (void)r9, (void)run;
  longjmp(away, 1);
}

TEST(the_user_handler_may_jump_away) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_NOP};
  struct run run = {.tcs = e.base, .handler = (uint64_t)jumping_handler};
  for (volatile int i = 0; i < 3; i++) {
    if (setjmp(away) == 0) {
      through_vdso((uint64_t)&op, EENTER, &run);
      fail("the handler did not jump");
    }
  }
}

// Exceptions in the enclave.

TEST(exceptions_are_reported) {
  struct enclave e;
  enclave_build(&e, 0);
  struct {
    int number;
    uint64_t rax, rcx;
    int vector;
  } bad[] = {{I_UD2, 0, 0, UD},          {I_DIV, 1, 0, DE},        {I_MOV, NON_CANONICAL, 0, GP}, {I_CLI, 0, 0, GP},
             {I_MOV, 0, 0, PF}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct op op = {OP_INSTRUCTION, {(uint64_t)bad[i].number, bad[i].rax, bad[i].rcx, 0}};
    struct run run;
    if (i == NSSA) {
      enclave_destroy(&e); // its SSA frames are full
      enclave_build(&e, 0);
    }
    EQ(bad[i].vector, call(&e, &op, &run));
    EQ(ERESUME, run.function);
    EQ(bad[i].vector == PF ? ERR_U : 0, run.error_code);
    EQ(0, run.address);
    EQ(i % NSSA, op.cssa);
  }
}

TEST(sse_exceptions_are_reported) {
  struct enclave e;
  enclave_build(&e, 0);
  uint32_t mxcsr = 0x1f80 & ~0x200u; // division by zero is not masked
  struct op op = {OP_INSTRUCTION, {I_LDMXCSR_DIV, 0, 0, 0, (uint64_t)&mxcsr}};
  struct run run;
  EQ(XM, call(&e, &op, &run));
  EQ(ERESUME, run.function);
  EQ(0, run.error_code);
}

TEST(the_addresses_low_bits_are_hidden) {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_read8(&e, e.base + READONLY); // in the page table from here on
  struct op op = {OP_WRITE, {e.base + READONLY + 0x123}};
  raises(&e, &op, PF, ERR_U | ERR_W | ERR_P, e.base + READONLY);
}

static void illegal(int number) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_INSTRUCTION, {(uint64_t)number}};
  struct run run;
  EQ(UD, call(&e, &op, &run));
  EQ(ERESUME, run.function);
  EQ(0, run.error_code);
  // What the enclave sees: the instruction itself.
  uint64_t frame = e.base + SSA0 + PAGE - sizeof(struct gprsgx);
  op = (struct op){OP_READ, {frame + offsetof(struct gprsgx, rip)}};
  EQ(-1, call(&e, &op, &run));
  EQ(INSTRUCTION_AT(e.base, number), op.result);
  op = (struct op){OP_READ, {frame + offsetof(struct gprsgx, exitinfo)}};
  EQ(-1, call(&e, &op, &run));
  EQ(EXITINFO(UD, 3), (uint32_t)op.result);
}

LIMIT_TEST(cpuid_is_illegal_inside, "the enclave's code") {
  illegal(I_CPUID);
}
LIMIT_TEST(syscall_is_illegal_inside, "the enclave's code") {
  illegal(I_SYSCALL);
}
LIMIT_TEST(int_80_is_illegal_inside, "the enclave's code") {
  illegal(I_INT80);
}
LIMIT_TEST(sysenter_is_illegal_inside, "the enclave's code") {
  illegal(I_SYSENTER);
}
TEST(in_is_illegal_inside) {
  illegal(I_IN);
}
LIMIT_TEST(sgdt_is_illegal_inside, "the enclave's code") {
  illegal(I_SGDT);
}
LIMIT_TEST(sidt_is_illegal_inside, "the enclave's code") {
  illegal(I_SIDT);
}
LIMIT_TEST(sldt_is_illegal_inside, "the enclave's code") {
  illegal(I_SLDT);
}
LIMIT_TEST(str_is_illegal_inside, "the enclave's code") {
  illegal(I_STR);
}
LIMIT_TEST(smsw_is_illegal_inside, "the enclave's code") {
  illegal(I_SMSW);
}
LIMIT_TEST(far_return_is_illegal_inside, "the enclave's code") {
  illegal(I_RETF);
}
LIMIT_TEST(iret_is_illegal_inside, "the enclave's code") {
  illegal(I_IRETQ);
}
TEST(rdpmc_is_illegal_inside) {
  illegal(I_RDPMC);
}
LIMIT_TEST(vmcall_is_illegal_inside, "the enclave's code") {
  illegal(I_VMCALL);
}
TEST(getsec_is_illegal_inside) {
  illegal(I_GETSEC);
}

TEST(legal_instructions_inside) {
  struct enclave e;
  enclave_build(&e, 0);
  int legal[] = {I_RDRAND, I_XGETBV, I_RDTSC};
  for (size_t i = 0; i < sizeof legal / sizeof *legal - !has_sgx2(); i++) {
    struct op op = {OP_INSTRUCTION, {(uint64_t)legal[i], 0, 0, 0, 0}};
    struct run run;
    EQ(-1, call(&e, &op, &run));
  }
}

LIMIT_TEST(a_jump_out_of_the_enclave_faults, "the enclave's code") {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_JUMP, {(uint64_t)own_abort}};
  struct run run;
  int vector = call(&e, &op, &run);
  TRUE(vector == GP || vector == PF);
}

TEST(code_needs_the_right_to_execute) {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_read8(&e, e.base + SPARE);
  struct op op = {OP_JUMP, {e.base + SPARE}};
  raises(&e, &op, PF, ERR_U | ERR_P | ERR_I, e.base + SPARE);
}

TEST(code_in_a_page_that_may_all) {
  struct enclave e;
  enclave_build(&e, 0);
  uint64_t ud2 = 0x0b0f, at = e.base + RWX;
  enclave_write8(&e, at, ud2);
  struct op op = {OP_JUMP, {at}};
  struct run run;
  EQ(UD, call(&e, &op, &run));
}

// Nested exceptions: each takes a frame, EENTER in between gets the next.

TEST(frames_are_a_stack) {
  struct enclave e;
  enclave_build(&e, 0);
  struct run run;
  struct op ud = {OP_INSTRUCTION, {I_UD2}};
  for (unsigned cssa = 0; cssa < NSSA; cssa++) {
    EQ(UD, call(&e, &ud, &run));
    EQ(cssa, ud.cssa);
  }
  EQ(GP, call(&e, &ud, &run)); // no frame is free
  EQ(EENTER, run.function);
  // The frames from the top; what lies at UD2 does it again.
  EQ(0, through_vdso(0, ERESUME, &run));
  EQ(ERESUME, run.function);
  EQ(UD, run.vector);
}

static void divide_by_two(struct enclave *e, struct run *run, void *arg) {
  EQ(DE, run->vector);
  struct run inner;
  uint64_t frame = e->base + SSA0 + PAGE - sizeof(struct gprsgx);
  struct op op = {OP_READ, {frame + offsetof(struct gprsgx, rip)}};
  EQ(-1, call(e, &op, &inner));
  EQ(1, op.cssa);
  EQ(INSTRUCTION_AT(e->base, I_DIV), op.result);
  op = (struct op){OP_READ, {frame + offsetof(struct gprsgx, exitinfo)}};
  EQ(-1, call(e, &op, &inner));
  EQ(EXITINFO(DE, 3), (uint32_t)op.result);
  op = (struct op){OP_WRITE, {frame + offsetof(struct gprsgx, rcx), 2}};
  EQ(-1, call(e, &op, &inner));
  (void)arg;
}

TEST(a_handler_inside_repairs_the_frame) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op div = {OP_INSTRUCTION, {I_DIV, 84, 0, 0}}, nop = {OP_NOP};
  struct run run;
  call_repaired(&e, &div, divide_by_two, NULL);
  EQ(42, div.result); // 84 / 2
  EQ(-1, call(&e, &nop, &run));
  EQ(0, nop.cssa);
}

TEST(a_frame_holds_all_registers) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_INSTRUCTION, {I_UD2, 0x1111, 0x2222, 0x3333, 0x4444}};
  struct run run;
  EQ(UD, call(&e, &op, &run));
  struct gprsgx frame;
  uint64_t at = e.base + SSA0 + PAGE - sizeof frame;
  struct op copy = {OP_COPY, {at, (uint64_t)&frame, sizeof frame}};
  EQ(-1, call(&e, &copy, &run));
  EQ(0x1111, frame.rax);
  EQ(0x2222, frame.rcx);
  EQ(0x3333, frame.rdx);
  EQ(0x4444, frame.rbx);
  EQ((uint64_t)&op, frame.r13);
  EQ(frame.rsp, frame.ursp); // the enclave left them alone
  EQ(frame.rbp, frame.urbp);
  EQ(e.base + DATA, frame.fsbase);
  EQ(e.base + DATA + PAGE, frame.gsbase);
  EQ(2, frame.rflags & 2);
  EQ(0x10000, frame.rflags & 0x10000); // RF: it was a fault
}

TEST(page_faults_and_gp_are_told_with_exinfo_alone) {
  struct enclave e;
  enclave_build(&e, 0);
  struct run run;
  struct op op = {OP_READ, {0}};
  EQ(PF, call(&e, &op, &run));
  uint64_t at = e.base + SSA0 + PAGE - sizeof(struct gprsgx) + offsetof(struct gprsgx, exitinfo);
  op = (struct op){OP_READ, {at}};
  EQ(-1, call(&e, &op, &run));
  EQ(0, (uint32_t)op.result); // MISCSELECT.EXINFO is 0
  enclave_destroy(&e);

  enclave_open(&e, 0);
  e.secs.miscselect = e.sig.miscselect = 1;
  e.sig.miscmask = ~0u;
  if (enclave_create(&e) == EIO) {
    skip("the processor has no EXINFO");
  }
  enclave_add_all(&e);
  enclave_sign(&e, 0);
  EQ(0, enclave_init(&e));
  enclave_map(&e, e.fd);
  enclave_read8(&e, e.base + READONLY);
  op = (struct op){OP_WRITE, {e.base + READONLY + 0x88}};
  EQ(PF, call(&e, &op, &run));
  at = e.base + SSA0 + PAGE - sizeof(struct gprsgx);
  op = (struct op){OP_READ, {at + offsetof(struct gprsgx, exitinfo)}};
  EQ(-1, call(&e, &op, &run));
  EQ(EXITINFO(PF, 3), (uint32_t)op.result);
  op = (struct op){OP_READ, {at - 16}};
  EQ(-1, call(&e, &op, &run));
  EQ(e.base + READONLY + 0x88, op.result); // MADDR: the whole address
  op = (struct op){OP_READ, {at - 8}};
  EQ(-1, call(&e, &op, &run));
  EQ(ERR_U | ERR_W | ERR_P, (uint32_t)op.result);
}

// FS and GS.

TEST(fs_and_gs_are_the_enclaves) {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + DATA, 0xf5);
  enclave_write8(&e, e.base + DATA + PAGE, 0x65);
  uint64_t before, after;
  __asm__("mov %%fs:0, %0" : "=r"(before));
  struct op op = {OP_BASES};
  struct run run;
  EQ(-1, call(&e, &op, &run));
  EQ(e.base + DATA, op.result);
  EQ(e.base + DATA + PAGE, op.r[0]);
  EQ(0xf5, op.r[1]);
  EQ(0x65, op.r[2]);
  __asm__("mov %%fs:0, %0" : "=r"(after));
  EQ(before, after); // the program's thread pointer is back
  op = (struct op){OP_INSTRUCTION, {I_UD2}};
  EQ(UD, call(&e, &op, &run));
  __asm__("mov %%fs:0, %0" : "=r"(after));
  EQ(before, after);
}

// Asynchronous exits.

static struct op *spinning;
static ucontext_t at_signal;
static volatile int signals;
static struct _libc_fpstate fp_at_signal;

static void stop_spinning(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  signals++;
  at_signal = *(ucontext_t *)context;
  fp_at_signal = *((ucontext_t *)context)->uc_mcontext.fpregs;
  spinning->a[0] = 1;
}

static void alarm_soon(void) {
  WORKS(setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 50000}}, NULL));
}

// The registers that a handler sees of a thread that was inside.
static void is_synthetic(uint64_t tcs) {
  greg_t *r = at_signal.uc_mcontext.gregs;
  EQ(ERESUME, r[REG_RAX]);
  EQ(tcs, r[REG_RBX]);
  EQ(r[REG_RIP], r[REG_RCX]); // the AEP
  EQ(0, r[REG_RDX]);
  EQ(0, r[REG_RSI]);
  EQ(0, r[REG_RDI]);
  EQ(0, r[REG_R8]);
  EQ(0, r[REG_R9]);
  EQ(0, r[REG_R10]);
  EQ(0, r[REG_R11]);
  EQ(0, r[REG_R12]);
  EQ(0, r[REG_R13]);
  EQ(0, r[REG_R14]);
  EQ(0, r[REG_R15]);
  EQ(0, r[REG_EFL] & 0x8d5); // CF, PF, AF, ZF, SF, OF
  EQ(0xd7010f, *(uint32_t *)r[REG_RIP] & 0xffffff);
}

static void kept_all(const struct op *op) {
  for (uint64_t i = 0; i < 15; i++) {
    EQ(0x1010101010101010 + i * 0x0101010101010101, op->r[i]);
  }
  EQ((uint64_t)op, op->r[15]);
}

TEST(a_signal_inside_through_the_vdso) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_SPIN};
  struct run run;
  spinning = &op;
  handle(SIGALRM, stop_spinning);
  alarm_soon();
  EQ(-1, call(&e, &op, &run)); // nobody sees the AEX: the vDSO resumes
  EQ(1, signals);
  is_synthetic(e.base + TCS0);
  kept_all(&op);
}

TEST(a_signal_inside_by_an_own_enclu) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_SPIN};
  spinning = &op;
  handle(SIGALRM, stop_spinning);
  alarm_soon();
  EQ(0, own_enter(EENTER, e.base + TCS0, &op));
  EQ(1, signals);
  is_synthetic(e.base + TCS0);
  EQ((uint64_t)own_aep, (uint64_t)at_signal.uc_mcontext.gregs[REG_RIP]);
  kept_all(&op);
}

TEST(a_signal_on_an_alternate_stack) {
  struct enclave e;
  enclave_build(&e, 0);
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  WORKS(sigaltstack(&stack, NULL));
  struct op op = {OP_SPIN};
  struct run run;
  spinning = &op;
  handle(SIGALRM, stop_spinning);
  alarm_soon();
  EQ(-1, call(&e, &op, &run));
  is_synthetic(e.base + TCS0);
  kept_all(&op);
}

TEST(many_signals_inside) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_SPIN}, work = {OP_WORK, {200000000}};
  spinning = &op;
  handle(SIGALRM, stop_spinning);
  WORKS(setitimer(ITIMER_REAL, &(struct itimerval){{0, 2000}, {0, 2000}}, NULL));
  struct run run;
  EQ(-1, call(&e, &work, &run));
  EQ(200000000UL * 200000001 / 2, work.result);
  TRUE(signals > 3);
  WORKS(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL));
}

static struct enclave *nested;
static uint64_t seen_cssa, seen_rax;

static void enter_in_handler(int signal, siginfo_t *info, void *context) {
  stop_spinning(signal, info, context);
  struct op op = {OP_READ, {nested->base + SSA0 + PAGE - sizeof(struct gprsgx) + offsetof(struct gprsgx, rax)}};
  EQ(0, own_enter(EENTER, nested->base + TCS0, &op));
  seen_cssa = op.cssa;
  seen_rax = op.result;
}

TEST(a_signal_handler_enters_the_same_tcs) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_SPIN};
  struct run run;
  spinning = &op;
  nested = &e;
  handle(SIGALRM, enter_in_handler);
  alarm_soon();
  EQ(-1, call(&e, &op, &run));
  EQ(1, seen_cssa);
  EQ(0x1010101010101010, seen_rax); // the interrupted RAX, in the frame
  kept_all(&op);
}

static void read_the_frame(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  ucontext_t *uc = context;
  if (uc->uc_mcontext.gregs[REG_RIP] != (greg_t)own_aep) {
    differs(__FILE__, __LINE__, "RIP", (long)own_aep, (long)uc->uc_mcontext.gregs[REG_RIP]);
  }
  uint64_t rip = nested->base + SSA0 + PAGE - sizeof(struct gprsgx) + offsetof(struct gprsgx, rip);
  struct op op = {OP_READ, {rip}};
  EQ(0, own_enter(EENTER, nested->base + TCS0, &op));
  EQ(1, op.cssa);
  op = (struct op){OP_WRITE, {rip, op.result + 2}}; // behind UD2
  EQ(0, own_enter(EENTER, nested->base + TCS0, &op));
  EQ(1, op.cssa);
}

TEST(entries_in_between_leave_no_frame) {
  struct enclave e;
  enclave_build(&e, 0);
  nested = &e;
  struct sigaction action = {.sa_sigaction = read_the_frame, .sa_flags = SA_SIGINFO | SA_NODEFER};
  WORKS(sigaction(SIGILL, &action, NULL));
  for (uint64_t i = 1; i < 20; i++) {
    struct op ud = {OP_INSTRUCTION, {I_UD2, i}}, op = {OP_COUNT, {3}};
    EQ(0, own_enter(EENTER, e.base + TCS0, &ud));
    EQ(0, ud.cssa);
    EQ(i, ud.result);
    EQ(0, own_enter(EENTER, e.base + TCS0, &op));
    EQ(0, op.cssa);
    EQ(3 * i, op.result);
  }
}

static sigjmp_buf out;

static void jump_out(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  at_signal = *(ucontext_t *)context;
  siglongjmp(out, 1);
}

TEST(an_abandoned_frame_stays_taken) {
  struct enclave e;
  enclave_build(&e, 0);
  handle(SIGALRM, jump_out);
  struct op op = {OP_SPIN};
  struct run run;
  if (sigsetjmp(out, 1) == 0) {
    alarm_soon();
    call(&e, &op, &run);
    fail("the handler did not jump");
  }
  struct op nop = {OP_NOP};
  EQ(-1, call(&e, &nop, &run)); // the TCS is not busy: it left
  EQ(1, nop.cssa);
}

static int number_at_signal;
static siginfo_t info_at_signal;

static void give_up(int signal, siginfo_t *info, void *context) {
  ucontext_t *uc = context;
  at_signal = *uc;
  number_at_signal = signal;
  info_at_signal = *info;
  uc->uc_mcontext.gregs[REG_RIP] = (greg_t)own_abort;
}

TEST(exceptions_by_an_own_enclu_are_signals) {
  struct enclave e;
  enclave_build(&e, 0);
  handle(SIGSEGV, give_up);
  handle(SIGILL, give_up);
  handle(SIGFPE, give_up);
  struct op bad[] = {{OP_INSTRUCTION, {I_UD2}}, {OP_INSTRUCTION, {I_DIV, 1}}, {OP_WRITE, {e.base + READONLY}}};
  for (size_t i = 0; i < 3; i++) {
    EQ(-1, own_enter(EENTER, e.base + TCS0, &bad[i]));
    is_synthetic(e.base + TCS0);
    EQ((uint64_t)own_aep, (uint64_t)at_signal.uc_mcontext.gregs[REG_RIP]);
    EQ(i, bad[i].cssa);
  }
}

TEST(a_signal_tells_of_the_exception) {
  struct enclave e;
  enclave_build(&e, 0);
  handle(SIGSEGV, give_up);
  handle(SIGILL, give_up);
  struct op read = {OP_READ, {e.base + READONLY}}, write = {OP_WRITE, {e.base + READONLY + 8}}, ud = {OP_INSTRUCTION, {I_UD2}};
  EQ(0, own_enter(EENTER, e.base + TCS0, &read));
  EQ(-1, own_enter(EENTER, e.base + TCS0, &write));
  greg_t *r = at_signal.uc_mcontext.gregs;
  EQ(SIGSEGV, number_at_signal);
  EQ(SEGV_ACCERR, info_at_signal.si_code);
  EQ(e.base + READONLY, (uint64_t)info_at_signal.si_addr);
  EQ(PF, r[REG_TRAPNO]);
  EQ(ERR_U | ERR_W | ERR_P, r[REG_ERR]);
  EQ(e.base + READONLY, r[REG_CR2] & -PAGE);
  EQ(-1, own_enter(EENTER, e.base + TCS0, &ud));
  EQ(SIGILL, number_at_signal);
  EQ(UD, r[REG_TRAPNO]);
  EQ((uint64_t)own_aep, (uint64_t)info_at_signal.si_addr);
  EQ(-1, own_enter(EENTER, e.base + 8, &ud));
  EQ(SIGSEGV, number_at_signal);
  EQ(SI_KERNEL, info_at_signal.si_code);
  EQ(0, (uint64_t)info_at_signal.si_addr);
}

TEST(faults_of_an_own_enclu_are_signals) {
  struct enclave e;
  enclave_build(&e, 0);
  handle(SIGSEGV, give_up);
  struct op op = {OP_NOP};
  EQ(-1, own_enter(EENTER, e.base + 8, &op));
  EQ((uint64_t)own_enclu, (uint64_t)at_signal.uc_mcontext.gregs[REG_RIP]);
  EQ(EENTER, at_signal.uc_mcontext.gregs[REG_RAX]); // nothing was entered
  EQ(-1, own_enter(ERESUME, e.base + TCS0, &op));
  EQ((uint64_t)own_enclu, (uint64_t)at_signal.uc_mcontext.gregs[REG_RIP]);
  EQ(-1, own_enter(EENTER, e.base + DATA, &op));
  EQ(e.base + DATA, (uint64_t)info_at_signal.si_addr & -PAGE);
  for (int number = 0; number < 12; number++) { // no leaf that is only for the inside, nor one that is none
    if (number != EENTER && number != ERESUME) {
      EQ(-1, own_enter((uint64_t)number, e.base + TCS0, &op));
      EQ((uint64_t)own_enclu, (uint64_t)at_signal.uc_mcontext.gregs[REG_RIP]);
    }
  }
  EQ(0, own_enter(EENTER, e.base + TCS0, &op));
  EQ(0, op.cssa);
}

TEST(a_breakpoint_is_a_signal_even_through_the_vdso) {
  struct enclave e;
  enclave_build(&e, 0);
  handle(SIGTRAP, jump_out);
  struct op op = {OP_INSTRUCTION, {I_INT3}};
  struct run run = {0};
  if (sigsetjmp(out, 1) == 0) {
    call(&e, &op, &run);
    fail("no SIGTRAP came");
  }
  is_synthetic(e.base + TCS0);
  uint64_t frame = e.base + SSA0 + PAGE - sizeof(struct gprsgx);
  op = (struct op){OP_READ, {frame + offsetof(struct gprsgx, exitinfo)}};
  EQ(-1, call(&e, &op, &run));
  EQ(EXITINFO(BP, 6), (uint32_t)op.result);
}

LIMIT_TEST(a_signal_frame_is_as_the_kernel_makes_it, "faults") {
  struct enclave e;
  enclave_build(&e, 0);
  handle(SIGSEGV, give_up);
  struct op op = {OP_WRITE, {e.base + READONLY + 8}};
  EQ(-1, own_enter(EENTER, e.base + TCS0, &op));
  EQ(e.base + READONLY, at_signal.uc_mcontext.gregs[REG_CR2]); // the low bits are hidden
  EQ(-1, own_enter(EENTER, e.base + 8, &op));
  EQ(GP, at_signal.uc_mcontext.gregs[REG_TRAPNO]);
}

// Extended state.

static void vectors(int number, int size) {
  struct enclave e;
  enclave_open(&e, 0);
  if (number == OP_YMM) {
    e.secs.xfrm = e.sig.xfrm = 7;
    if (!__builtin_cpu_supports("avx") || enclave_create(&e) == EIO) {
      skip("the processor has no AVX");
    }
  } else {
    EQ(0, enclave_create(&e));
  }
  enclave_add_all(&e);
  enclave_sign(&e, 0);
  EQ(0, enclave_init(&e));
  enclave_map(&e, e.fd);
  unsigned char from[16 * 32], to[16 * 32] = {0};
  for (size_t i = 0; i < sizeof from; i++) {
    from[i] = (unsigned char)(i * 7 + 3);
  }
  struct op op = {(uint64_t)number, {0, (uint64_t)from, (uint64_t)to}};
  struct run run;
  spinning = &op;
  handle(SIGALRM, stop_spinning);
  alarm_soon();
  EQ(-1, call(&e, &op, &run));
  EQ(1, signals);
  EQ(0, memcmp(from, to, (size_t)(16 * size)));
  // The handler saw none of it.
  EQ(0x37f, fp_at_signal.cwd);
  for (int i = 0; i < 16; i++) {
    for (int k = 0; k < 4; k++) {
      EQ(0, fp_at_signal._xmm[i].element[k]);
    }
  }
}

TEST(vector_registers_survive_a_signal) {
  vectors(OP_XMM, 16);
}

TEST(wide_vector_registers_survive_a_signal) {
  vectors(OP_YMM, 32);
}

// Threads.

struct thread {
  struct enclave *e;
  uint64_t tcs;
  struct op op;
  struct run run;
  int result;
};

static void *in_thread(void *arg) {
  struct thread *thread = arg;
  thread->run = (struct run){.tcs = thread->e->base + thread->tcs};
  thread->result = through_vdso((uint64_t)&thread->op, EENTER, &thread->run);
  return NULL;
}

TEST(a_busy_tcs_is_refused) {
  struct enclave e;
  enclave_build(&e, 0);
  struct thread thread = {.e = &e, .tcs = TCS0, .op = {OP_SPIN}};
  pthread_t id;
  through_vdso(0, 0, &(struct run){0});
  EQ(0, pthread_create(&id, NULL, in_thread, &thread));
  while (*(volatile uint64_t *)&thread.op.result == 0) {
    usleep(1000);
  }
  struct op op = {OP_NOP};
  struct run run;
  EQ(GP, call(&e, &op, &run));
  EQ(EENTER, run.function);
  run = (struct run){.tcs = e.base + TCS1};
  EQ(0, through_vdso((uint64_t)&op, EENTER, &run)); // the other one is free
  EQ(EEXIT, run.function);
  *(volatile uint64_t *)&thread.op.a[0] = 1;
  EQ(0, pthread_join(id, NULL));
  EQ(EEXIT, thread.run.function);
  EQ(-1, call(&e, &op, &run));
}

TEST(two_threads_in_one_enclave) {
  struct enclave e;
  enclave_build(&e, 0);
  enum { TIMES = 2000000 };
  struct thread threads[2] = {{.e = &e, .tcs = TCS0, .op = {OP_COUNT, {TIMES}}}, {.e = &e, .tcs = TCS1, .op = {OP_COUNT, {TIMES}}}};
  pthread_t ids[2];
  through_vdso(0, 0, &(struct run){0});
  for (int i = 0; i < 2; i++) {
    EQ(0, pthread_create(&ids[i], NULL, in_thread, &threads[i]));
  }
  for (int i = 0; i < 2; i++) {
    EQ(0, pthread_join(ids[i], NULL));
    EQ(EEXIT, threads[i].run.function);
  }
  EQ(2 * TIMES, enclave_read8(&e, e.base + DATA));
}

TEST(threads_take_turns_on_one_tcs) {
  struct enclave e;
  enclave_build(&e, 0);
  through_vdso(0, 0, &(struct run){0});
  for (int i = 1; i <= 20; i++) {
    struct thread thread = {.e = &e, .tcs = TCS0, .op = {OP_COUNT, {10}}};
    pthread_t id;
    EQ(0, pthread_create(&id, NULL, in_thread, &thread));
    EQ(0, pthread_join(id, NULL));
    EQ(EEXIT, thread.run.function);
    EQ(10 * i, thread.op.result);
  }
}

TEST(an_exit_that_lands_elsewhere) {
  struct enclave e;
  enclave_build(&e, 0);
  // EEXIT to own_abort instead of behind EENTER; RAX stays EEXIT's number until the stub sets it.
  struct op op = {OP_LEAF, {EEXIT, (uint64_t)own_abort, 0, 0}};
  EQ(-1, own_enter(EENTER, e.base + TCS0, &op));
  op = (struct op){OP_NOP};
  EQ(0, own_enter(EENTER, e.base + TCS0, &op));
  EQ(0, op.cssa);
}

TEST(an_exit_to_no_canonical_address) {
  struct enclave e;
  enclave_build(&e, 0);
  struct op op = {OP_LEAF, {EEXIT, NON_CANONICAL, 0, 0}};
  struct run run;
  EQ(GP, call(&e, &op, &run));
  EQ(ERESUME, run.function); // it was raised inside
}

TEST(leaves_that_are_not_for_the_inside) {
  struct enclave e;
  uint64_t leaves[] = {EENTER, ERESUME, 12, 0x100};
  for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
    enclave_build(&e, 0);
    struct op op = {OP_LEAF, {leaves[i], e.base + TCS1, e.base + CODE, 0}};
    struct run run;
    EQ(GP, call(&e, &op, &run));
    EQ(ERESUME, run.function);
    enclave_destroy(&e);
  }
}
