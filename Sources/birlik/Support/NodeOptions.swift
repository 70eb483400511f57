import ArgumentParser
import Glibc
import Limits
import Node
import Settings
import Store
import SyncCore

/// Where the node's file is.
struct NodeOptions: ParsableArguments {
  /// The settings file that is read if neither an option nor the environment names another.
  static let usualSettings = "/etc/birlik/birlik.toml"

  @Option(help: ArgumentHelp("The node's SQLite file (else BIRLIK_DATABASE, else the settings).", valueName: "file"))
  var database: String?

  @Option(
    help: ArgumentHelp(
      "The settings file (else BIRLIK_CONFIG, else \(usualSettings) if there is one).", valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "Seconds to wait for a program that holds the file, and for a busy headquarters.", valueName: "seconds"))
  var wait = Retrying.usualSeconds

  func validate() throws {
    guard (0...InputLimits.waitingSeconds).contains(wait) else {
      throw ValidationError("The time to wait is from 0 to \(InputLimits.waitingSeconds) seconds, and \(wait) is not.")
    }
  }

  /// How long each step waits.
  var waiting: Duration { .seconds(wait) }

  /// What the settings file says; no settings if there is none.
  func settings() throws -> Settings {
    let named = config ?? Environment["BIRLIK_CONFIG"]
    let path = named ?? Self.usualSettings
    // Settings that are there and cannot be read are not the same as none: they may withhold figures.
    if var closed = FilePermissions(path).hindrance(writes: false, "reading the settings") {
      closed.hint += "; or name a settings file of your own with --config"
      throw closed
    }
    if named == nil && access(path, F_OK) != 0 { return Settings() }
    do { return try Settings.load(path) } catch { throw Failure(error, .config) }
  }

  /// The database's path: from the option, the environment or the settings.
  func path() throws -> String {
    if let path = database ?? Environment["BIRLIK_DATABASE"] { return DatabasePath.normal(path) }
    if let path = try settings().database { return DatabasePath.normal(path) }
    throw Failure(.config, "no database is named", hint: "give --database FILE, or set BIRLIK_DATABASE")
  }

  /// Opens the node.
  ///
  /// - Parameters:
  ///   - isForReading: true to leave the file unchanged to the last byte.
  ///   - needsKey: true for a command that is of no use without the node's key.
  ///   - mostWaiting: how long each step waits at most, whatever the option says.
  func open(
    isForReading: Bool = false, keys: String? = nil, needsKey: Bool = false,
    mostWaiting: Duration = .seconds(InputLimits.waitingSeconds)
  ) throws -> LocalNode {
    let node = try LocalNode.open(
      database: try path(), isForReading: isForReading, keys: keys, needsKey: needsKey,
      waiting: min(waiting, mostWaiting))
    if node.isKeySpoilt, let problem = node.store.identity.keyProblem.flatMap(Failure.init) {
      StandardError.printNote("nothing can be sent from here: \(problem.sentence)")
    }
    return node
  }

  /// Opens the node to sync: its settings say how much of the log it keeps.
  func openToSync(
    keys: String? = nil, mostWaiting: Duration = .seconds(InputLimits.waitingSeconds)
  ) throws -> LocalNode {
    var opened = try open(keys: keys, needsKey: true, mostWaiting: mostWaiting)
    opened.keepLog = try settings().keepLog ?? .all
    guard !opened.store.identity.role.isHeadquarters || opened.keepLog == .all else {
      throw Failure(
        .config, "headquarters keeps its whole log, because members rely on it for what they no longer keep",
        hint: "remove keep_log from the settings")
    }
    return opened
  }

  /// The options as a printed command has to repeat them to reach the same file.
  var repeated: String {
    var text = ""
    if let database { text += " " + ShellWords.option("--database", DatabasePath.normal(database)) }
    if let config { text += " " + ShellWords.option("--config", config) }
    return text
  }
}
