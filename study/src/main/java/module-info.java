/** Token-cache designs, measured on recorded and generated workloads. */
module jsgx.study {
    requires static transitive org.jspecify;
    requires HdrHistogram;
    requires transitive jsgx.arch;
    requires transitive jsgx.driver;
    requires transitive jsgx.image;
    requires transitive jsgx.launch;

    exports jsgx.study.calibration;
    exports jsgx.study.complexity;
    exports jsgx.study.cost;
    exports jsgx.study.design;
    exports jsgx.study.report;
    exports jsgx.study.run;
    exports jsgx.study.simulation;
    exports jsgx.study.trace;
    exports jsgx.study.workload;
}
