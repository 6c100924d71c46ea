package jsgx.study.complexity;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MethodTypeEntry;
import java.lang.classfile.constantpool.NameAndTypeEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.reflect.AccessFlag;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one class file says: which classes it names, what of it is shared between threads, and how it fails.
 *
 * @param name its name, with slashes
 * @param superclass its superclass's
 * @param names the classes that it names
 * @param locks fields that are locks, synchronized methods and synchronized blocks
 * @param shared fields that threads share without a lock
 * @param failures the exceptions that it makes, each with the text that it gives it
 * @param texts constant texts of its code
 */
record ClassFacts(
        String name,
        String superclass,
        Set<String> names,
        int locks,
        int shared,
        Set<String> failures,
        Set<String> texts) {

    private static final Pattern CLASS_IN_DESCRIPTOR = Pattern.compile("L([^;<]+);");
    private static final String LOCKS = "Ljava/util/concurrent/locks/";
    private static final Pattern SHARED = Pattern.compile(
            "Ljava/util/concurrent/(atomic/.*|Concurrent\\w+|Semaphore|CountDownLatch|\\w*BlockingQueue);");

    /**
     * Reads a class file.
     *
     * @param isThrowable whether a class, by its name with slashes, is an exception
     */
    static ClassFacts of(byte[] bytes, Predicate<String> isThrowable) {
        return of(ClassFile.of().parse(bytes), isThrowable);
    }

    /** Its superclass alone. */
    static Optional<String> superclass(byte[] bytes) {
        return ClassFile.of().parse(bytes).superclass().map(ClassEntry::asInternalName);
    }

    /** The outermost class that a class is in: the source file. */
    static String outermost(String name) {
        int dollar = name.indexOf('$');
        return dollar < 0 ? name : name.substring(0, dollar);
    }

    private static ClassFacts of(ClassModel model, Predicate<String> isThrowable) {
        Set<String> failures = new LinkedHashSet<>();
        Set<String> texts = new LinkedHashSet<>();
        int locks = 0;
        int shared = 0;
        for (FieldModel field : model.fields()) {
            String type = field.fieldType().stringValue();
            boolean isVolatile = field.flags().has(AccessFlag.VOLATILE);
            locks += type.startsWith(LOCKS) ? 1 : 0;
            shared += isVolatile || SHARED.matcher(type).matches() ? 1 : 0;
        }
        for (MethodModel method : model.methods()) {
            locks += method.flags().has(AccessFlag.SYNCHRONIZED) ? 1 : 0;
            Optional<CodeModel> code = method.code();
            if (code.isPresent()) {
                locks += monitors(code.get());
                read(code.get(), isThrowable, failures, texts);
            }
        }
        return new ClassFacts(
                model.thisClass().asInternalName(),
                model.superclass().map(ClassEntry::asInternalName).orElse(""),
                names(model),
                locks,
                shared,
                failures,
                texts);
    }

    private static int monitors(CodeModel code) {
        int entered = 0;
        for (CodeElement element : code) {
            entered += element instanceof MonitorInstruction monitor && monitor.opcode() == Opcode.MONITORENTER ? 1 : 0;
        }
        return entered;
    }

    /** An exception between its {@code new} and its constructor, and the texts that came meanwhile. */
    private record Making(String type, Set<String> texts) {}

    private static void read(CodeModel code, Predicate<String> isThrowable, Set<String> failures, Set<String> texts) {
        Deque<Making> making = new ArrayDeque<>();
        for (CodeElement element : code) {
            Set<String> said = said(element);
            texts.addAll(said);
            making.forEach(each -> each.texts().addAll(said));
            if (element instanceof NewObjectInstruction made
                    && isThrowable.test(made.className().asInternalName())) {
                making.push(new Making(made.className().asInternalName(), new LinkedHashSet<>()));
            } else if (element instanceof InvokeInstruction call
                    && call.name().equalsString("<init>")
                    && !making.isEmpty()
                    && call.owner().asInternalName().equals(making.element().type())) {
                Making made = making.pop();
                failures.add(made.type() + ": " + String.join(" ", made.texts()));
            }
        }
    }

    /** The constant texts of an instruction: one that it loads, or those of a concatenation. */
    private static Set<String> said(CodeElement element) {
        Set<String> said = new LinkedHashSet<>();
        if (element instanceof ConstantInstruction constant && constant.constantValue() instanceof String text) {
            said.add(text);
        }
        if (element instanceof InvokeDynamicInstruction call && call.name().equalsString("makeConcatWithConstants")) {
            for (Object argument : call.bootstrapArgs()) {
                if (argument instanceof String text) {
                    said.add(text);
                }
            }
        }
        return said;
    }

    private static Set<String> names(ClassModel model) {
        Set<String> names = new LinkedHashSet<>();
        for (PoolEntry entry : model.constantPool()) {
            switch (entry) {
                case ClassEntry named -> {
                    String name = named.asInternalName();
                    if (name.startsWith("[")) {
                        addDescriptor(names, name);
                    } else {
                        names.add(name);
                    }
                }
                case NameAndTypeEntry typed -> addDescriptor(names, typed.type().stringValue());
                case MethodTypeEntry typed ->
                    addDescriptor(names, typed.descriptor().stringValue());
                default -> {}
            }
        }
        model.fields().forEach(field -> addDescriptor(names, field.fieldType().stringValue()));
        model.methods()
                .forEach(method -> addDescriptor(names, method.methodType().stringValue()));
        return names;
    }

    private static void addDescriptor(Set<String> names, String descriptor) {
        Matcher matcher = CLASS_IN_DESCRIPTOR.matcher(descriptor);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
    }
}
