import ArgumentParser
import CatalogFiles
import Node
import Server
import Store
import Transport
import Wire

/// Why a command could not do its work, in words for the person at the terminal.
struct Failure: Error {
  var status: ExitStatus
  /// What is wrong, as a word for programs, such as `busy`.
  var code: String
  /// What is wrong, as a clause or a sentence without its stop.
  var message: String
  /// What to do next; may be empty.
  var hint: String

  init(_ status: ExitStatus, code: String? = nil, _ message: String, hint: String = "") {
    self.status = status
    self.code = code ?? status.word
    self.message = message
    self.hint = hint
  }

  /// The failure that an error of the modules below means; nil for errors of the argument parser, which explains them.
  init?(_ error: any Error) {
    switch error {
    case let error as Failure: self = error
    case let error as StoreError:
      self.init(
        ExitStatus(error.code), code: error.code.rawValue, "\(error.detail) (\(error.operation))", hint: error.hint)
    case let error as NodeError:
      self.init(
        ExitStatus(error.code), code: error.code.rawValue, "\(error.detail) (\(error.operation))", hint: error.hint)
    case let error as ServerError:
      self.init(
        ExitStatus(error.code), code: error.code.rawValue, "\(error.detail) (\(error.operation))", hint: error.hint)
    case let error as TransportError:
      let detail = error.detail.isEmpty ? error.operation : "\(error.operation): \(error.detail)"
      let message = error.message.hasSuffix(".") ? String(error.message.dropLast()) : error.message
      self.init(ExitStatus(error.code), code: error.code.rawValue, "\(message) (\(detail))", hint: error.hint)
    case let error as WireError: self.init(.data, "\(error.detail) (\(error.operation))", hint: error.hint)
    case let error as CatalogError: self.init(error, .data)
    case is ExitCode, is CleanExit, is ValidationError: return nil
    default: self.init(.software, "something unexpected happened: \(error)", hint: "report it with this sentence")
    }
  }

  /// - Parameter status: what wrong files mean here.
  init(_ error: CatalogError, _ status: ExitStatus) {
    let shown = error.findings.prefix(10).map(\.description)
    let rest = error.findings.count - shown.count
    let lines = [error.operation + " failed"] + shown + (rest > 0 ? ["and \(rest) more"] : [])
    self.init(status, lines.joined(separator: "\n  "), hint: error.hint)
  }

  /// One sentence, with the hint after it.
  var sentence: String {
    let stopped = message.hasSuffix(".") ? message : message + "."
    guard !hint.isEmpty else { return stopped }
    return stopped + " Hint: " + (hint.hasSuffix(".") ? hint : hint + ".")
  }
}
