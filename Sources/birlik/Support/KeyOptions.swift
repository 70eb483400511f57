import ArgumentParser
import Node

/// Where the keys are that systemd provides.
struct KeyOptions: ParsableArguments {
  /// How messages repeat the option: never with the given text, which may be a key by mistake.
  static let placeholder = " --keys FOLDER"

  @Option(
    help: ArgumentHelp(
      "The folder from which systemd copies the keys (LoadCredential=); they are renewed there.", valueName: "folder"))
  var keys: String?

  var repeated: String { keys == nil ? "" : Self.placeholder }

  /// Opens a node. If its key is not found, the error also suggests --keys.
  func opening(_ open: () throws -> LocalNode) throws -> LocalNode {
    do { return try open() } catch var error as NodeError where error.code == .config && keys == nil {
      error.hint +=
        (error.hint.isEmpty ? "" : ", or ") + "name the folder that LoadCredential= reads with\(Self.placeholder)"
      throw error
    }
  }
}
