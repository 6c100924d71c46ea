package jsgx.study.report;

import java.util.List;

/**
 * A picture of some series over the same places on the horizontal axis.
 *
 * @param kind lines between points, or bars beside each other
 * @param title what it shows
 * @param description what is seen in it, for who does not see it
 * @param horizontal what the places are
 * @param vertical what the values are, with their unit
 * @param places the names of the places
 * @param logarithmic whether the vertical axis is
 * @param least where the vertical axis begins; ignored where logarithmic
 * @param most where it ends at least; NaN where the values say
 */
public record Plot(
        Kind kind,
        String title,
        String description,
        String horizontal,
        String vertical,
        List<String> places,
        List<Series> series,
        boolean logarithmic,
        double least,
        double most) {

    public enum Kind {
        LINES,
        BARS
    }

    /**
     * Values that belong together.
     *
     * @param style its colour and marker: the same thing looks the same in all plots
     * @param points one for each place, with NaN where there is none
     */
    public record Series(String name, Style style, List<Spread> points) {}

    /** Nothing at a place. */
    static final Spread NOTHING = new Spread(Double.NaN, Double.NaN, Double.NaN, Double.NaN, 0);

    /** How a series looks. The colours are those of Okabe and Ito, which the colour-blind tell apart; marker and dash say the same again. */
    public enum Style {
        NONE("#000000", "", Marker.CROSS),
        KERNEL("#0072B2", "", Marker.CIRCLE),
        USER("#D55E00", "7 3", Marker.SQUARE),
        INFORMED("#E69F00", "2 3", Marker.DIAMOND),
        BOTH("#009E73", "9 3 2 3", Marker.TRIANGLE),
        OPTIMUM("#595959", "4 3", Marker.NONE),
        FLOORS("#56B4E9", "7 3", Marker.DIAMOND),
        CEILINGS("#CC79A7", "2 3", Marker.TRIANGLE);

        final String colour;
        final String dash;
        final Marker marker;

        Style(String colour, String dash, Marker marker) {
            this.colour = colour;
            this.dash = dash;
            this.marker = marker;
        }
    }

    public enum Marker {
        NONE,
        CIRCLE,
        SQUARE,
        DIAMOND,
        TRIANGLE,
        CROSS
    }
}
