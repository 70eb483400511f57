import ArgumentParser
import Node
import Server
import Store
import Transport

/// The exit codes that the program uses, from sysexits.h.
enum ExitStatus: Int32 {
  /// The call itself is wrong.
  case usage = 64
  /// Given data, or the content of a file, is wrong.
  case data = 65
  /// Headquarters cannot be reached.
  case unreachable = 69
  /// A mistake in this program.
  case software = 70
  /// A file cannot be read or written.
  case inputOutput = 74
  /// Another program has the file locked, or not everything was exchanged: try later.
  case tryLater = 75
  case notPermitted = 77
  /// Settings, or files that should be there, are missing or wrong.
  case config = 78

  /// What is wrong in one word, where no module has a closer one.
  var word: String {
    switch self {
    case .usage: "usage"
    case .data: "data"
    case .unreachable: "unreachable"
    case .software: "software"
    case .inputOutput: "input_output"
    case .tryLater: "busy"
    case .notPermitted: "not_permitted"
    case .config: "config"
    }
  }

  /// The error to throw when everything has been printed already.
  var exit: ExitCode { ExitCode(rawValue) }
}

extension ExitStatus {
  init(_ code: StoreError.Code) {
    switch code {
    case .busy, .full, .renewed, .replaced: self = .tryLater
    case .missing: self = .config
    case .notPermitted, .wrongKey: self = .notPermitted
    case .notOurs, .damaged, .unknown, .invalid: self = .data
    case .failed, .newerSQLite: self = .inputOutput
    }
  }

  init(_ code: NodeError.Code) {
    switch code {
    case .config: self = .config
    case .unreachable: self = .unreachable
    case .denied, .notPermitted: self = .notPermitted
    case .usage: self = .usage
    case .data: self = .data
    case .busy, .full: self = .tryLater
    }
  }

  init(_ code: TransportError.Code) {
    switch code {
    // Whatever else answers in headquarters' place, such as a router, headquarters was not reached.
    case .unreachable, .interrupted, .timeout, .tooLarge, .protocolError: self = .unreachable
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
