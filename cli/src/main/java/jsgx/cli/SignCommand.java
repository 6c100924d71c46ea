package jsgx.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Locale;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.image.ImageMeasurement;
import jsgx.image.SigningDate;
import jsgx.image.SigningKey;
import jsgx.image.SigstructCheck;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx sign}. */
@Command(
        name = "sign",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx sign FILE --key PEM -o OUT [OPTION...]",
        description = {
            "Measure an enclave and sign it: OUT becomes its SIGSTRUCT, 1808 bytes.",
            "The same enclave, key, options and date give the same bytes."
        },
        footerHeading = "%nA key is made with  openssl genrsa -3 -out key.pem 3072%n%nExample:%n",
        footer = "  jsgx sign enclave.sgxs --key key.pem -o enclave.sigstruct --product-id 7 --svn 3")
final class SignCommand extends Subcommand {

    @Parameters(paramLabel = "FILE", description = "The enclave.")
    private String file = "";

    @Option(
            names = "--key",
            paramLabel = "PEM",
            required = true,
            description = "An RSA key of 3072 bits with exponent 3, PKCS #1 or PKCS #8, not encrypted.")
    private String key = "";

    @Option(
            names = {"-o", "--out"},
            paramLabel = "OUT",
            required = true,
            description = "Where the SIGSTRUCT goes; a file there is replaced.")
    private String out = "";

    @Option(names = "--product-id", paramLabel = "N", converter = Numbers.U16.class, description = "ISVPRODID; 0.")
    private int productId;

    @Option(names = "--svn", paramLabel = "N", converter = Numbers.U16.class, description = "ISVSVN; 0.")
    private int svn;

    @Option(
            names = "--date",
            paramLabel = "YYYY-MM-DD",
            description = "The day of signing; that of $$SOURCE_DATE_EPOCH, else today (UTC).")
    private @Nullable String date;

    @Option(names = "--debug", description = "The enclave must have DEBUG, whatever --attributes says.")
    private boolean debug;

    @Option(
            names = "--attributes",
            paramLabel = "MASK",
            converter = Numbers.Mask64.class,
            description = "ATTRIBUTES that the enclave must have; what the file asks for, else 0x4, 64-bit.")
    private @Nullable Long attributes;

    @Option(
            names = "--attributes-mask",
            paramLabel = "MASK",
            converter = Numbers.Mask64.class,
            description = "Which ATTRIBUTES are fixed; all but DEBUG.")
    private @Nullable Long attributesMask;

    @Option(names = "--xfrm", paramLabel = "MASK", converter = Numbers.Mask64.class, description = "XFRM; 0x3.")
    private @Nullable Long xfrm;

    @Option(
            names = "--xfrm-mask",
            paramLabel = "MASK",
            converter = Numbers.Mask64.class,
            description = "Which bits of XFRM are fixed; all but 0x3.")
    private @Nullable Long xfrmMask;

    @Option(
            names = "--misc-select",
            paramLabel = "MASK",
            converter = Numbers.Mask32.class,
            description = "MISCSELECT; what the file asks for, else 0.")
    private @Nullable Integer miscSelect;

    @Option(
            names = "--misc-mask",
            paramLabel = "MASK",
            converter = Numbers.Mask32.class,
            description = "Which bits of MISCSELECT are fixed; all.")
    private @Nullable Integer miscMask;

    @Option(
            names = "--vendor",
            paramLabel = "N",
            converter = Numbers.Mask32.class,
            description = "VENDOR: 0, or 0x8086 as Intel has; 0.")
    private int vendor;

    @Option(names = "--sw-defined", paramLabel = "N", converter = Numbers.Mask32.class, description = "SWDEFINED; 0.")
    private int swDefined;

    @Option(names = "--family-id", paramLabel = "HEX", description = "ISVFAMILYID, 16 bytes; needs KSS.")
    private @Nullable String familyId;

    @Option(names = "--ext-product-id", paramLabel = "HEX", description = "ISVEXTPRODID, 16 bytes; needs KSS.")
    private @Nullable String extProductId;

    @Mixin
    private EnclaveOptions enclaves = new EnclaveOptions();

    SignCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, ImageException, IOException {
        Path keyFile = EnclaveOptions.existing(key, surroundings);
        Path enclaveFile = EnclaveOptions.existing(file, surroundings);
        OutputFile output = new OutputFile(out, surroundings, enclaveFile, keyFile);
        SigningKey signingKey = SigningKey.read(keyFile);
        EnclaveImage image = enclaves.image(file, surroundings);
        ImageMeasurement measurement = ImageMeasurement.measure(image);
        Sigstruct sigstruct = SigstructSigner.sign(options(image, measurement), signingKey);
        output.write(SigstructFields.bytes(sigstruct.memory()));
        if (json()) {
            print(new Json()
                    .put("file", file)
                    .put("out", out)
                    .put("mrenclave", measurement.mrEnclave())
                    .putAll(SigstructFields.json(sigstruct, SigstructCheck.check(sigstruct))));
        } else {
            Screen screen = screen();
            screen.line(screen.good("signed") + "  " + Text.printable(out) + "  MRENCLAVE "
                    + screen.hash(measurement.mrEnclave()) + ", " + SigstructFields.summary(screen, sigstruct) + ", "
                    + new SigningDate(sigstruct.date()).text());
        }
        return ExitStatus.DONE;
    }

    private SigstructOptions options(EnclaveImage image, ImageMeasurement measurement) throws BadInput, ImageException {
        SigningDate day = date == null
                ? SigningDate.fromEnvironment(surroundings.environment(), surroundings.clock())
                : SigningDate.parse(date);
        SigstructOptions defaults = SigstructOptions.of(measurement.mrEnclave(), day.bcd());
        Attributes asked = image.hints().given() ? image.hints().attributes() : defaults.attributes();
        long flags = (attributes == null ? asked.flags() : attributes) | (debug ? Attributes.DEBUG : 0);
        long flagsMask = (attributesMask == null ? defaults.attributeMask().flags() : attributesMask)
                | (debug ? Attributes.DEBUG : 0);
        int misc = image.hints().given() ? image.hints().miscSelect() : defaults.miscSelect();
        return new SigstructOptions(
                measurement.mrEnclave(),
                vendor,
                defaults.date(),
                swDefined,
                new Attributes(flags, xfrm == null ? asked.xfrm() : xfrm),
                new Attributes(
                        flagsMask, xfrmMask == null ? defaults.attributeMask().xfrm() : xfrmMask),
                miscSelect == null ? misc : miscSelect,
                miscMask == null ? defaults.miscMask() : miscMask,
                productId,
                svn,
                familyId == null ? defaults.isvFamilyId() : id("--family-id", familyId),
                extProductId == null ? defaults.isvExtProdId() : id("--ext-product-id", extProductId));
    }

    private static String id(String option, String hex) throws BadInput {
        try {
            if (HexFormat.of().parseHex(hex).length == 16) {
                return hex.toLowerCase(Locale.ROOT);
            }
        } catch (IllegalArgumentException e) {
            // Told below.
        }
        throw new BadInput(option + ": \"" + Text.printable(hex) + "\" is no id: expected 32 hexadecimal digits");
    }
}
