package jsgx.cli;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.List;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;
import jsgx.cli.Screen.Fact;
import jsgx.image.SigningDate;
import jsgx.image.SigstructCheck;
import jsgx.image.SigstructCheck.Part;
import jsgx.launch.json.Json;

/** The fields of a SIGSTRUCT as they are shown. */
final class SigstructFields {

    private static final List<String> NAMES = List.of(
            "enclaveHash",
            "mrsigner",
            "signatureValid",
            "q1Valid",
            "q2Valid",
            "valid",
            "vendor",
            "date",
            "swDefined",
            "isvProdId",
            "isvSvn",
            "isvFamilyId",
            "isvExtProdId",
            "attributes",
            "attributesMask",
            "xfrm",
            "xfrmMask",
            "miscSelect",
            "miscMask",
            "findings");

    private SigstructFields() {}

    static Json json(Sigstruct sigstruct, SigstructCheck check) {
        Attributes attributes = sigstruct.attributes();
        Attributes mask = sigstruct.attributeMask();
        return new Json()
                .put("enclaveHash", hex(sigstruct.enclaveHash()))
                .put("mrsigner", SigstructCheck.mrSigner(sigstruct))
                .put("signatureValid", check.finding(Part.SIGNATURE).valid())
                .put("q1Valid", check.finding(Part.Q1).valid())
                .put("q2Valid", check.finding(Part.Q2).valid())
                .put("valid", check.valid())
                .put("vendor", sigstruct.vendor())
                .put("date", new SigningDate(sigstruct.date()).text())
                .put("swDefined", sigstruct.swDefined())
                .put("isvProdId", sigstruct.isvProdId())
                .put("isvSvn", sigstruct.isvSvn())
                .put("isvFamilyId", hex(sigstruct.isvFamilyId()))
                .put("isvExtProdId", hex(sigstruct.isvExtProdId()))
                .put("attributes", Text.mask(attributes.flags()))
                .put("attributesMask", Text.mask(mask.flags()))
                .put("xfrm", Text.mask(attributes.xfrm()))
                .put("xfrmMask", Text.mask(mask.xfrm()))
                .put("miscSelect", Text.mask(sigstruct.miscSelect()))
                .put("miscMask", Text.mask(sigstruct.miscMask()))
                .put(
                        "findings",
                        check.findings().stream()
                                .map(finding -> new Json()
                                        .put("part", finding.part().name())
                                        .put("valid", finding.valid())
                                        .put("expected", finding.expected())
                                        .put("found", finding.found()))
                                .toList());
    }

    /** The same fields of a file that has no SIGSTRUCT. */
    static Json none() {
        Json json = new Json();
        for (String name : NAMES) {
            if (name.endsWith("alid")) {
                json.put(name, false);
            } else {
                json.put(name, name.equals("findings") ? List.of() : null);
            }
        }
        return json;
    }

    /** Who signed what, in one line. */
    static String summary(Screen screen, Sigstruct sigstruct) {
        return "signed by " + screen.hash(SigstructCheck.mrSigner(sigstruct)) + ", product " + sigstruct.isvProdId()
                + ", SVN " + sigstruct.isvSvn() + ", " + mode(sigstruct.attributes());
    }

    /** {@code 64-bit, debug}. */
    static String mode(Attributes attributes) {
        return (attributes.has(Attributes.MODE64BIT) ? "64-bit" : "32-bit")
                + (attributes.has(Attributes.DEBUG) ? ", debug" : "")
                + (attributes.has(Attributes.PROVISIONKEY) ? ", provision key" : "")
                + (attributes.has(Attributes.EINITTOKENKEY) ? ", launch key" : "");
    }

    static List<Fact> facts(Screen screen, Sigstruct sigstruct) {
        Attributes attributes = sigstruct.attributes();
        Attributes mask = sigstruct.attributeMask();
        return List.of(
                new Fact("MRSIGNER", screen.hash(SigstructCheck.mrSigner(sigstruct))),
                new Fact(
                        "signed on",
                        new SigningDate(sigstruct.date()).text() + ", vendor " + vendor(sigstruct.vendor())),
                new Fact("product", "ISVPRODID " + sigstruct.isvProdId() + ", ISVSVN " + sigstruct.isvSvn()),
                new Fact(
                        "ATTRIBUTES",
                        Text.mask(attributes.flags()) + " under mask " + Text.mask(mask.flags()) + ", XFRM "
                                + Text.mask(attributes.xfrm()) + " under mask " + Text.mask(mask.xfrm())),
                new Fact(
                        "MISCSELECT",
                        Text.mask(sigstruct.miscSelect()) + " under mask " + Text.mask(sigstruct.miscMask())));
    }

    /** A part of a SIGSTRUCT in the manual's spelling. */
    static String name(Part part) {
        return switch (part) {
            case SIGNATURE -> "RSA signature";
            case RESERVED -> "reserved fields";
            default -> part.name();
        };
    }

    static byte[] bytes(MemorySegment segment) {
        return segment.toArray(ValueLayout.JAVA_BYTE);
    }

    static String hex(MemorySegment segment) {
        return HexFormat.of().formatHex(bytes(segment));
    }

    private static String vendor(int vendor) {
        return switch (vendor) {
            case 0 -> "0";
            case Sigstruct.VENDOR_INTEL -> "Intel (0x8086)";
            default -> Text.mask(vendor);
        };
    }
}
