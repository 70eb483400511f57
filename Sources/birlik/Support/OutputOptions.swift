import ArgumentParser

/// The form of the answer.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Answer in JSON.")
  var json = false
}
