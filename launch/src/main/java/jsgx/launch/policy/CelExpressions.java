package jsgx.launch.policy;

import com.google.common.collect.ImmutableList;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.runtime.CelVariableResolver;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import jsgx.launch.yaml.Fields;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlNode;

/** Expressions in the Common Expression Language. No other class needs its library, and this one only where a rule has an expression. */
final class CelExpressions implements Expressions {

    /** How many characters an expression may have. */
    private static final int MAX_LENGTH = 2_000;

    private static final int MAX_NODES = 500;
    private static final int MAX_DEPTH = 32;
    private static final int MAX_ITERATIONS = 1_000;
    private static final int MAX_REGEX = 1_000;

    /** What is not known when a token is asked for. */
    private static final Set<String> NOT_OF_TOKENS = Set.of("isvProdId", "isvSvn", "miscSelect", "size");

    @Override
    public Optional<Expression> read(YamlNode node, Problems problems) {
        return Fields.scalar(node, "an expression", problems).flatMap(scalar -> {
            try {
                return Library.compile(scalar, problems);
            } catch (NoClassDefFoundError e) {
                problems.add(scalar, "an expression needs the library dev.cel:cel on the class path, which lacks it");
                return Optional.empty();
            }
        });
    }

    /** What touches the library. */
    private static final class Library {

        private static final CelOptions OPTIONS = CelOptions.current()
                .maxExpressionCodePointSize(MAX_LENGTH)
                .maxParseExpressionNodeCount(MAX_NODES)
                .maxParseRecursionDepth(MAX_DEPTH)
                .comprehensionMaxIterations(MAX_ITERATIONS)
                .maxRegexProgramSize(MAX_REGEX)
                .enableHeterogeneousNumericComparisons(true)
                .build();

        private static final CelCompiler COMPILER = CelCompilerFactory.standardCelCompilerBuilder()
                .setOptions(OPTIONS)
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .addVar("mrenclave", SimpleType.STRING)
                .addVar("mrsigner", SimpleType.STRING)
                .addVar("isvProdId", SimpleType.INT)
                .addVar("isvSvn", SimpleType.INT)
                .addVar("attributes", ListType.create(SimpleType.STRING))
                .addVar("xfrm", SimpleType.INT)
                .addVar("miscSelect", SimpleType.INT)
                .addVar("size", SimpleType.INT)
                .addVar("workload", SimpleType.STRING)
                .addVar("time", SimpleType.TIMESTAMP)
                .setResultType(SimpleType.BOOL)
                .build();

        private static final CelRuntime RUNTIME =
                CelRuntimeFactory.plannerRuntimeBuilder().setOptions(OPTIONS).build();

        static Optional<Expression> compile(YamlNode.Scalar scalar, Problems problems) {
            CelValidationResult result = COMPILER.compile(scalar.value());
            if (result.hasError()) {
                report(scalar, result.getErrors(), problems);
                return Optional.empty();
            }
            try {
                CelAbstractSyntaxTree tree = result.getAst();
                boolean needsMore = tree.getReferenceMap().values().stream()
                        .anyMatch(reference -> NOT_OF_TOKENS.contains(reference.name()));
                return Optional.of(new Compiled(scalar.value().strip(), RUNTIME.createProgram(tree), needsMore));
            } catch (CelValidationException | CelEvaluationException e) {
                problems.add(scalar, "the expression cannot be used: " + e.getMessage());
                return Optional.empty();
            }
        }

        /** CEL tells line and column within the expression: where that is known they become the file's. */
        private static void report(YamlNode.Scalar scalar, ImmutableList<CelIssue> issues, Problems problems) {
            for (CelIssue issue : issues) {
                int line = issue.getSourceLocation().getLine();
                int column = issue.getSourceLocation().getColumn();
                String message = "the expression: "
                        + issue.getMessage().replace('\n', ' ').strip();
                switch (scalar.style()) {
                    case PLAIN -> {
                        if (line == 1 && column >= 0) {
                            problems.add(scalar.line(), scalar.column() + column, message);
                        } else {
                            problems.add(scalar, message);
                        }
                    }
                    case QUOTED -> problems.add(scalar.line(), scalar.column() + 1 + Math.max(column, 0), message);
                    case LITERAL ->
                        problems.addInBlock(scalar.line() + Math.max(line, 1), Math.max(column, 0), message);
                    case FOLDED -> problems.add(scalar, message);
                }
            }
        }
    }

    /** A compiled expression. */
    private record Compiled(String text, CelRuntime.Program program, boolean needsMoreThanToken) implements Expression {

        @Override
        public boolean holds(PolicySubject subject, boolean ifFails) {
            try {
                return program.eval(resolver(subject)) instanceof Boolean holds ? holds : ifFails;
            } catch (CelEvaluationException e) {
                return ifFails;
            }
        }

        @Override
        public String failure(PolicySubject subject) {
            try {
                Object result = program.eval(resolver(subject));
                return result instanceof Boolean ? "" : "it gives " + result;
            } catch (CelEvaluationException e) {
                return String.valueOf(e.getMessage());
            }
        }

        private static CelVariableResolver resolver(PolicySubject subject) {
            return name -> Optional.ofNullable(
                    switch (name) {
                        case "mrenclave" -> HexFormat.of().formatHex(subject.mrEnclave());
                        case "mrsigner" -> HexFormat.of().formatHex(subject.mrSigner());
                        case "isvProdId" -> (long) subject.isvProdId();
                        case "isvSvn" -> (long) subject.isvSvn();
                        case "attributes" -> names(subject.attributes().flags());
                        case "xfrm" -> subject.attributes().xfrm();
                        case "miscSelect" -> Integer.toUnsignedLong(subject.miscSelect());
                        case "size" -> subject.size();
                        case "workload" -> subject.workload();
                        case "time" -> subject.time();
                        default -> null;
                    });
        }

        private static List<String> names(long flags) {
            return Values.ATTRIBUTES.entrySet().stream()
                    .filter(bit -> (flags & bit.getValue()) != 0)
                    .map(Map.Entry::getKey)
                    .toList();
        }
    }
}
