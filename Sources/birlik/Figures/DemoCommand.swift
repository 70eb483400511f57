import ArgumentParser
import Demo

/// Runs the demo.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "birlik demo --scale 0.1",
    discussion: """
      Runs headquarters, five federations and an office on this machine, with the published figures. They edit while \
      headquarters is away, sync over real HTTP, and print what was sent, the conflicts, the consolidated totals, and \
      whether all nodes hold the same. It needs no network and writes only to a temporary folder.
      """)

  @Option(help: "The share of the primary organizations that is made; 1 is all of them.")
  var scale = 1.0

  @Option(help: ArgumentHelp("Leave the files in this folder.", valueName: "dir"), completion: .directory)
  var keep: String?

  func validate() throws {
    if !(scale > 0 && scale <= 1) { throw ValidationError("The scale is above 0 and at most 1.") }
  }

  func run() async throws {
    let isGood = try await Demo.run(scale: scale, keep: keep) { text in
      let output = Output()
      output.line(text)
      try? output.finish()
    }
    if !isGood { throw ExitStatus.data.exit }
  }
}
