import ArgumentParser
import CatalogFiles
import Node
import Server
import Store
import Transport
import Wire

/// How the program ends: the codes of sysexits.h that it uses.
enum ExitStatus: Int32 {
  /// The call itself is wrong.
  case usage = 64
  /// What was given, or what stands in a file, is wrong.
  case data = 65
  /// Headquarters cannot be reached.
  case unreachable = 69
  /// A mistake in this program.
  case software = 70
  /// A file cannot be read or written.
  case inputOutput = 74
  /// Somebody holds the file, or it did not all go through: try later.
  case tryLater = 75
  case notPermitted = 77
  /// Settings, or files that should be there, are missing or wrong.
  case config = 78

  /// To be thrown where everything was said already.
  var exit: ExitCode { ExitCode(rawValue) }
}

/// Why a command could not do its work, in words for the person at the terminal.
struct Failure: Error {
  var status: ExitStatus
  /// What is wrong, as a clause or a sentence without its stop.
  var message: String
  /// What to do next; may be empty.
  var hint: String

  init(_ status: ExitStatus, _ message: String, hint: String = "") {
    self.status = status
    self.message = message
    self.hint = hint
  }

  /// What an error of the modules below means here; nil for those of the argument parser, which it explains itself.
  init?(_ error: any Error) {
    switch error {
    case let error as Failure: self = error
    case let error as StoreError:
      self.init(ExitStatus(error.code), "\(error.detail) (\(error.operation))", hint: error.hint)
    case let error as NodeError:
      self.init(ExitStatus(error.code), "\(error.detail) (\(error.operation))", hint: error.hint)
    case let error as ServerError:
      self.init(ExitStatus(error.code), "\(error.detail) (\(error.operation))", hint: error.hint)
    case let error as TransportError:
      let detail = error.detail.isEmpty ? error.operation : "\(error.operation): \(error.detail)"
      let message = error.message.hasSuffix(".") ? String(error.message.dropLast()) : error.message
      self.init(ExitStatus(error.code), "\(message) (\(detail))", hint: error.hint)
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

extension ExitStatus {
  init(_ code: StoreError.Code) {
    switch code {
    case .busy, .full, .renewed: self = .tryLater
    case .missing: self = .config
    case .notPermitted, .wrongKey: self = .notPermitted
    case .notOurs, .damaged, .unknown, .invalid: self = .data
    case .failed: self = .inputOutput
    }
  }

  init(_ code: NodeError.Code) {
    switch code {
    case .config: self = .config
    case .unreachable: self = .unreachable
    case .denied: self = .notPermitted
    case .usage: self = .usage
    case .data: self = .data
    case .busy: self = .tryLater
    }
  }

  init(_ code: TransportError.Code) {
    switch code {
    case .unreachable, .interrupted, .timeout: self = .unreachable
    case .tooLarge, .protocolError: self = .data
    case .tls, .wrongKey: self = .notPermitted
    case .refusedInsecure, .invalidRequest: self = .config
    case .cancelled: self = .tryLater
    }
  }

  init(_ code: ServerError.Code) {
    switch code {
    case .addressInUse: self = .tryLater
    case .addressRefused, .certificate, .plain: self = .config
    case .failed: self = .inputOutput
    }
  }
}
