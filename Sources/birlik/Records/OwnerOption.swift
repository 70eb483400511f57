import ArgumentParser

/// Whose record is meant, where two owners use one key.
struct OwnerOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Whose record, where two owners use one key (else this node's own federation's).", valueName: "code"))
  var federation: String?
}
