import ArgumentParser
import CatalogFiles
import Glibc
import Node
import Store
import SyncCore

/// Where the node's file is.
struct NodeOptions: ParsableArguments {
  /// Read where neither an option nor the environment names another.
  static let usualSettings = "/etc/birlik/birlik.toml"

  @Option(help: ArgumentHelp("The node's SQLite file (else BIRLIK_DATABASE, else the settings).", valueName: "file"))
  var database: String?

  @Option(
    help: ArgumentHelp(
      "The settings file (else BIRLIK_CONFIG, else \(usualSettings) if there is one).", valueName: "file"))
  var config: String?

  /// The settings file, or no settings where there is none.
  func settings() throws -> Settings {
    let named = config ?? Environment["BIRLIK_CONFIG"]
    let path = named ?? Self.usualSettings
    if named == nil && access(path, F_OK) != 0 { return Settings() }
    do { return try Settings.load(path) } catch { throw Failure(error, .config) }
  }

  /// The database's path, wherever it is named.
  func path() throws -> String {
    if let path = database ?? Environment["BIRLIK_DATABASE"] { return path }
    if let path = try settings().database { return path }
    throw Failure(.config, "no database is named", hint: "give --database FILE, or set BIRLIK_DATABASE")
  }

  /// - Parameter isForReading: true to leave the file as it is to the last byte.
  func open(isForReading: Bool = false, keys: String? = nil) throws -> LocalNode {
    try LocalNode.open(database: try path(), isForReading: isForReading, keys: keys)
  }

  /// Opens the node with what the settings say of its log.
  func openToSync(keys: String? = nil) throws -> LocalNode {
    var opened = try open(keys: keys)
    opened.keepLog = try settings().keepLog ?? .all
    guard !opened.store.identity.role.isHeadquarters || opened.keepLog == .all else {
      throw Failure(
        .config, "headquarters keeps its whole log, because members get back from it what they do not keep",
        hint: "remove keep_log from the settings")
    }
    return opened
  }

  /// The option as it has to be given again to reach the same file; empty where it was not given.
  var repeated: String {
    var text = ""
    if let database { text += " --database " + ShellWords.quoted(database) }
    if let config { text += " --config " + ShellWords.quoted(config) }
    return text
  }
}

/// Where the keys are that systemd hands over.
struct KeyOptions: ParsableArguments {
  /// How the option is written again. Never with what was given: that may be a key by mistake.
  static let placeholder = " --keys FOLDER"

  @Option(
    help: ArgumentHelp(
      "The folder from which systemd takes the keys (LoadCredential=); they are renewed there.", valueName: "folder"))
  var keys: String?

  var repeated: String { keys == nil ? "" : Self.placeholder }

  /// Runs what opens a node. Where its key is missed, the folder may be what was left out.
  func opening(_ open: () throws -> LocalNode) throws -> LocalNode {
    do { return try open() } catch var error as NodeError where error.code == .config && keys == nil {
      error.hint +=
        (error.hint.isEmpty ? "" : ", or ") + "name the folder that LoadCredential= reads with\(Self.placeholder)"
      throw error
    }
  }
}

/// Whether a script reads the answer.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Answer in JSON.")
  var json = false
}

/// Variables of the environment; an empty one counts as not set.
enum Environment {
  static subscript(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
