package jsgx.launch;

import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.image.SigstructCheck;
import jsgx.launch.governor.Workloads;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.store.Terms;
import org.jspecify.annotations.Nullable;

/**
 * What a launch is told besides the enclave and its SIGSTRUCT. What is not said comes from the SIGSTRUCT: ATTRIBUTES, XFRM,
 * MISCSELECT; and from the image: the SSA frame size.
 */
public final class LaunchOptions {

    private final InterfaceKind driver;
    private final byte @Nullable [] token;
    private final @Nullable Attributes attributes;
    private final @Nullable Integer miscSelect;
    private final @Nullable EnclaveImage compareWith;
    private final Workload workload;
    private final String label;
    private final Terms terms;

    private LaunchOptions(
            InterfaceKind driver,
            byte @Nullable [] token,
            @Nullable Attributes attributes,
            @Nullable Integer miscSelect,
            @Nullable EnclaveImage compareWith,
            Workload workload,
            String label,
            Terms terms) {
        this.driver = driver;
        this.token = token;
        this.attributes = attributes;
        this.miscSelect = miscSelect;
        this.compareWith = compareWith;
        this.workload = workload;
        this.label = label;
        this.terms = terms;
    }

    /** A launch through this interface. */
    public static LaunchOptions through(InterfaceKind driver) {
        return new LaunchOptions(driver, null, null, null, null, Workloads.ofThisProcess(), "", Terms.DEFAULT);
    }

    /** With a token that the caller brings: 304 bytes. Only isgx takes one. */
    public LaunchOptions withToken(byte[] einitToken) {
        return new LaunchOptions(
                driver, einitToken.clone(), attributes, miscSelect, compareWith, workload, label, terms);
    }

    /** With ATTRIBUTES, FLAGS and XFRM, other than the SIGSTRUCT's. */
    public LaunchOptions withAttributes(Attributes secs) {
        return new LaunchOptions(driver, token, secs, miscSelect, compareWith, workload, label, terms);
    }

    /** With a MISCSELECT other than the SIGSTRUCT's. */
    public LaunchOptions withMiscSelect(int secs) {
        return new LaunchOptions(driver, token, attributes, secs, compareWith, workload, label, terms);
    }

    /** With the image that the measurement should have been of, so that an explanation can name the first difference. */
    public LaunchOptions compareWith(EnclaveImage other) {
        return new LaunchOptions(driver, token, attributes, miscSelect, other, workload, label, terms);
    }

    /** For this workload; without it, for the uid of the process. */
    public LaunchOptions forWorkload(Workload whose) {
        return new LaunchOptions(driver, token, attributes, miscSelect, compareWith, whose, label, terms);
    }

    /** With the label under which user space keeps the token; without it, the MRENCLAVE that the SIGSTRUCT names. */
    public LaunchOptions withLabel(String application) {
        return new LaunchOptions(driver, token, attributes, miscSelect, compareWith, workload, application, terms);
    }

    /** On these terms with the store of user space. */
    public LaunchOptions withTerms(Terms stored) {
        return new LaunchOptions(driver, token, attributes, miscSelect, compareWith, workload, label, stored);
    }

    /** What a policy judges of a launch with these options. */
    public PolicySubject subject(EnclaveImage image, Sigstruct sigstruct, Instant time) {
        return new PolicySubject(
                sigstruct.enclaveHash().toArray(Layouts.U8),
                HexFormat.of().parseHex(SigstructCheck.mrSigner(sigstruct)),
                sigstruct.isvProdId(),
                sigstruct.isvSvn(),
                attributes().orElse(sigstruct.attributes()),
                miscSelect().orElse(sigstruct.miscSelect()),
                image.size(),
                workload.name(),
                time);
    }

    public InterfaceKind driver() {
        return driver;
    }

    /** The caller's token. */
    public Optional<byte[]> token() {
        return Optional.ofNullable(token).map(byte[]::clone);
    }

    public Optional<Attributes> attributes() {
        return Optional.ofNullable(attributes);
    }

    public Optional<Integer> miscSelect() {
        return Optional.ofNullable(miscSelect);
    }

    public Workload workload() {
        return workload;
    }

    /** Empty where none was said. */
    public String label() {
        return label;
    }

    public Terms terms() {
        return terms;
    }

    public Optional<EnclaveImage> compareWith() {
        return Optional.ofNullable(compareWith);
    }
}
