import Glibc
import Logging
import Store
import SyncCore

/// Writes the log to standard error, one line an event.
///
/// On a terminal or in a file each line begins with the time. Under systemd the journal records the time, so the line
/// begins with the priority, in the form of sd-daemon(3).
struct ConsoleLog: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  private let isJournal: Bool

  init(level: Logger.Level) {
    logLevel = level
    isJournal = Environment["JOURNAL_STREAM"] != nil && !Terminal.isTerminal(Terminal.error)
  }

  /// - Parameter level: one of `Settings.logLevels`.
  static func logger(level: Logger.Level) -> Logger { Logger(label: "birlik") { _ in ConsoleLog(level: level) } }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line = isJournal ? "<\(Self.priority(event.level))>" : "\(Moment(SystemClock.now()).iso) \(event.level) "
    line += "\(event.message)"
    var merged = metadata.merging(event.metadata ?? [:]) { $1 }
    if let error = event.error { merged["error"] = "\(error)" }
    for (name, value) in merged.sorted(by: { $0.key < $1.key }) { line += " \(name)=\(Self.word("\(value)"))" }
    // One call writes a whole line, so that lines of several threads do not mix.
    StandardError.raw(Terminal.plain(line) + "\n")
  }

  private static func word(_ text: String) -> String {
    text.contains(" ") || text.isEmpty ? "\"\(text)\"" : text
  }

  /// The priority of syslog.
  private static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .critical: 2
    case .error: 3
    case .warning: 4
    case .notice: 5
    case .info: 6
    case .debug, .trace: 7
    }
  }
}
