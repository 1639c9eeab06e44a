"""Where everything meets people: settings and the command line. Wiring only; what is wired lives further down."""
