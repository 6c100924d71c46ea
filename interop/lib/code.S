# What runs inside the enclave, and the ways into it.

.set OP_A, 8
.set OP_RESULT, 56
.set OP_RFLAGS, 64
.set OP_CSSA, 72
.set OP_RETURNS, 80
.set OP_R, 88

.macro ENCLU
  .byte 0x0f, 0x01, 0xd7
.endm

# One page, copied into the enclave at CODE; DATA is the next page there.

  .section .rodata.enclave, "a"
  .balign 4096
  .global enclave_code, enclave_instructions, enclave_read, enclave_write, enclave_leaf
enclave_code:
.set data, enclave_code + 4096

# EENTER: RAX is CSSA, RBX the TCS, RCX the instruction behind EENTER, RDI the op.
  mov %rcx, %r12
  mov %rdi, %r13
  mov %rax, OP_CSSA(%rdi)
  mov %rcx, OP_RETURNS(%rdi)
  mov (%rdi), %rax
  cmp $(table_end - table) / 4, %rax
  jae leave
  lea table(%rip), %rcx
  movslq (%rcx,%rax,4), %rax
  add %rcx, %rax
  jmp *%rax

leave:
  mov %r12, %rbx
  mov $4, %eax
  ENCLU

read:
  mov OP_A(%r13), %rax
enclave_read:
  mov (%rax), %rax
  mov %rax, OP_RESULT(%r13)
  jmp leave

write:
  mov OP_A(%r13), %rax
  mov OP_A+8(%r13), %rcx
enclave_write:
  mov %rcx, (%rax)
  jmp leave

leaf:
  mov OP_A(%r13), %rax
  mov OP_A+8(%r13), %rbx
  mov OP_A+16(%r13), %rcx
  mov OP_A+24(%r13), %rdx
enclave_leaf:
  ENCLU
  mov %rax, OP_RESULT(%r13)
  pushfq # the stack is the program's
  popq OP_RFLAGS(%r13)
  jmp leave

copy:
  mov OP_A(%r13), %rsi
  mov OP_A+8(%r13), %rdi
  mov OP_A+16(%r13), %rcx
  cld
  rep movsb
  jmp leave

spin:
  mov %r13, %r15
  mov %r12, data+64(%rip)
  mov %rsp, data+72(%rip)
  mov %rbp, data+80(%rip)
  movabs $0x1010101010101010, %rax
  movabs $0x1111111111111111, %rcx
  movabs $0x1212121212121212, %rdx
  movabs $0x1313131313131313, %rbx
  movabs $0x1414141414141414, %rsp
  movabs $0x1515151515151515, %rbp
  movabs $0x1616161616161616, %rsi
  movabs $0x1717171717171717, %rdi
  movabs $0x1818181818181818, %r8
  movabs $0x1919191919191919, %r9
  movabs $0x1a1a1a1a1a1a1a1a, %r10
  movabs $0x1b1b1b1b1b1b1b1b, %r11
  movabs $0x1c1c1c1c1c1c1c1c, %r12
  movabs $0x1d1d1d1d1d1d1d1d, %r13
  movabs $0x1e1e1e1e1e1e1e1e, %r14
  movq $1, OP_RESULT(%r15)
1:
  cmpq $0, OP_A(%r15)
  je 1b
  mov %rax, OP_R(%r15)
  mov %rcx, OP_R+8(%r15)
  mov %rdx, OP_R+16(%r15)
  mov %rbx, OP_R+24(%r15)
  mov %rsp, OP_R+32(%r15)
  mov %rbp, OP_R+40(%r15)
  mov %rsi, OP_R+48(%r15)
  mov %rdi, OP_R+56(%r15)
  mov %r8, OP_R+64(%r15)
  mov %r9, OP_R+72(%r15)
  mov %r10, OP_R+80(%r15)
  mov %r11, OP_R+88(%r15)
  mov %r12, OP_R+96(%r15)
  mov %r13, OP_R+104(%r15)
  mov %r14, OP_R+112(%r15)
  mov %r15, OP_R+120(%r15)
  mov data+64(%rip), %r12
  mov data+72(%rip), %rsp
  mov data+80(%rip), %rbp
  jmp leave

instruction:
  mov OP_A(%r13), %rsi
  shl $5, %rsi
  lea enclave_instructions(%rip), %rax
  add %rax, %rsi
  mov OP_A+8(%r13), %rax
  mov OP_A+16(%r13), %rcx
  mov OP_A+24(%r13), %rdx
  mov OP_A+32(%r13), %rbx
  jmp *%rsi
instruction_done:
  mov %rax, OP_RESULT(%r13)
  mov %rbx, OP_R(%r13)
  mov %rcx, OP_R+8(%r13)
  mov %rdx, OP_R+16(%r13)
  jmp leave

.macro INSTRUCTION code:vararg
  .balign 32
  \code
  jmp instruction_done
.endm

  .balign 32
enclave_instructions:
  INSTRUCTION ud2
  INSTRUCTION cpuid
  INSTRUCTION syscall
  INSTRUCTION int $0x80
  INSTRUCTION int3
  INSTRUCTION sysenter
  INSTRUCTION in $0x80, %al
  INSTRUCTION sgdt -16(%rsp)
  INSTRUCTION sidt -16(%rsp)
  INSTRUCTION sldt %eax
  INSTRUCTION str %eax
  INSTRUCTION smsw %eax
  INSTRUCTION lretq
  INSTRUCTION iretq
  INSTRUCTION rdpmc
  INSTRUCTION vmcall
  INSTRUCTION .byte 0x0f, 0x37
  INSTRUCTION div %rcx
  INSTRUCTION mov (%rax), %rax
  INSTRUCTION jmp divide
  INSTRUCTION cli
  INSTRUCTION rdtsc
  INSTRUCTION rdrand %rax
  INSTRUCTION xgetbv
  INSTRUCTION mov %rcx, (%rax)

divide:
  ldmxcsr (%rbx)
  mov $1, %eax
  cvtsi2sd %eax, %xmm0
  xorpd %xmm1, %xmm1
  divsd %xmm1, %xmm0
  jmp instruction_done

bases:
  rdfsbase %rax
  mov %rax, OP_RESULT(%r13)
  rdgsbase %rax
  mov %rax, OP_R(%r13)
  mov %fs:0, %rax
  mov %rax, OP_R+8(%r13)
  mov %gs:0, %rax
  mov %rax, OP_R+16(%r13)
  jmp leave

jump:
  jmp *OP_A(%r13)

count:
  mov OP_A(%r13), %rcx
1:
  lock incq data(%rip)
  dec %rcx
  jnz 1b
  mov data(%rip), %rax
  mov %rax, OP_RESULT(%r13)
  jmp leave

work:
  mov OP_A(%r13), %rcx
  xor %eax, %eax
1:
  add %rcx, %rax
  dec %rcx
  jnz 1b
  mov %rax, OP_RESULT(%r13)
  jmp leave

.macro VECTORS move, register, size
  mov OP_A+8(%r13), %rax
  .irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  \move \i*\size(%rax), %\register\i
  .endr
  movq $1, OP_RESULT(%r13)
1:
  cmpq $0, OP_A(%r13)
  je 1b
  mov OP_A+16(%r13), %rax
  .irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  \move %\register\i, \i*\size(%rax)
  .endr
  jmp leave
.endm

xmm:
  VECTORS movdqu, xmm, 16

ymm:
  VECTORS vmovdqu, ymm, 32

registers:
  mov %rbx, OP_R(%r13)
  mov %rdx, OP_R+8(%r13)
  mov %rsi, OP_R+16(%r13)
  mov %rdi, OP_R+24(%r13)
  mov %r8, OP_R+32(%r13)
  mov %r9, OP_R+40(%r13)
  mov %r10, OP_R+48(%r13)
  mov %r11, OP_R+56(%r13)
  mov %r15, OP_R+64(%r13)
  mov %rbp, OP_R+72(%r13)
  mov %rsp, OP_R+80(%r13)
  jmp leave

  .balign 4
table:
  .irp f, leave, read, write, leaf, copy, spin, instruction, bases, jump, count, xmm, ymm, registers, work
  .long \f - table
  .endr
table_end:
  .org 4096 # the page is full here: more code is an error

  .text

# int vdso_enter(rdi, rsi, rdx, leaf, r8, r9, run): the vDSO keeps RBX, RBP and RSP, the rest is the enclave's to change.
  .global vdso_enter
vdso_enter:
  push %r15
  push %r14
  push %r13
  push %r12
  push %rbx
  push $0
  push 0x38(%rsp)
  call *vdso_enter_function(%rip)
  add $16, %rsp
  pop %rbx
  pop %r12
  pop %r13
  pop %r14
  pop %r15
  ret

# int own_enter(leaf, tcs, rdi)
  .global own_enter, own_enclu, own_aep, own_abort
own_enter:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rdi, %rax
  mov %rsi, %rbx
  mov %rdx, %rdi
  lea own_aep(%rip), %rcx
own_enclu:
  ENCLU
  xor %eax, %eax
1:
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  cld
  ret
own_abort:
  mov $-1, %eax
  jmp 1b
own_aep:
  ENCLU

  .section .note.GNU-stack, "", @progbits
