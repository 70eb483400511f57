import CCurl

/// Why no answer came.
public struct TransportError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The other machine was not found or does not answer on its port.
    case unreachable
    /// The connection broke before the answer was whole.
    case interrupted
    /// Too slow, or longer than the limit.
    case timeout
    /// Plain HTTP to another machine; refused before anything is sent.
    case refusedInsecure = "refused_insecure"
    /// The answer is larger than the limit.
    case tooLarge = "too_large"
    /// No trusted, encrypted connection could be made.
    case tls
    /// The server has another key than those that are known; nothing was sent to it.
    case wrongKey = "wrong_key"
    /// The request could not be made of this address or these headers.
    case invalidRequest = "invalid_request"
    /// The other side does not speak HTTP as expected.
    case protocolError = "protocol"
    /// The task was cancelled.
    case cancelled
  }

  public var code: Code
  /// What was being done, such as "POST http://127.0.0.1:8650/v1/exchange".
  public var operation: String
  /// One plain sentence for a person.
  public var message: String
  /// What the operator can do next.
  public var hint: String
  /// libcurl's own message, for the log; may be empty.
  public var detail: String
  /// What came of an answer that broke; nil where not even its headers were whole.
  public var received: HTTPResponse?

  init(_ code: Code, _ operation: String, detail: String = "") {
    self.code = code
    self.operation = operation
    self.detail = detail
    (message, hint) = Self.text(for: code)
  }

  public var description: String {
    "\(operation): \(message)" + (detail.isEmpty ? "" : " [\(detail)]") + " (\(hint))"
  }

  private static func text(for code: Code) -> (message: String, hint: String) {
    switch code {
    case .unreachable:
      (
        "Headquarters cannot be reached.",
        "Check the network and the address; nothing is lost, the next try sends it. If headquarters moved, ask it for the "
          + "line of `birlik pin` and give it to `birlik pin LINE` here."
      )
    case .interrupted:
      ("The connection broke before the answer was whole.", "Nothing is lost; the next try continues.")
    case .timeout:
      ("The other side was too slow.", "The network may be weak; nothing is lost, the next try continues.")
    case .refusedInsecure:
      ("Plain HTTP to another machine is refused.", "Use an https:// address; http:// is for this machine only.")
    case .tooLarge:
      (
        "What answers is not headquarters: its answer is larger than allowed.",
        "Log in to this network if it asks for that, or check the address of headquarters; nothing is lost."
      )
    case .tls:
      ("No trusted connection could be made.", "The certificate may be wrong or too old, or somebody is in between.")
    case .wrongKey:
      (
        "Headquarters' server has another key than this node knows, so nothing was sent.",
        "Ask headquarters for the line of `birlik pin` and give it to `birlik pin LINE` here; if headquarters changed "
          + "nothing, somebody is in between."
      )
    case .invalidRequest:
      ("The address or a header is not valid.", "Check the address of headquarters.")
    case .protocolError:
      (
        "What answers is not headquarters: it does not answer as Birlik does.",
        "Log in to this network if it asks for that, or check the address and the port of headquarters; nothing is lost."
      )
    case .cancelled:
      ("The transfer was stopped.", "Start it again.")
    }
  }

  /// The error code for libcurl's result and its message.
  static func code(for result: CURLcode, detail: String = "") -> Code {
    switch result {
    // Something that speaks no TLS, or a proxy that wants something else first, is no forged headquarters.
    case CURLE_SSL_CONNECT_ERROR where detail.contains("wrong version number"): .protocolError
    case CURLE_RECV_ERROR where detail.contains("CONNECT tunnel failed"): .protocolError
    // libcurl has one code for a refusal and for a connection that broke in the handshake. After a refusal the message
    // contains OpenSSL's error.
    case CURLE_SSL_CONNECT_ERROR where !detail.contains("error:") || detail.contains("unexpected eof"): .interrupted
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED,
      CURLE_PROXY:
      .unreachable
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE: .interrupted
    case CURLE_OPERATION_TIMEDOUT: .timeout
    case CURLE_FILESIZE_EXCEEDED: .tooLarge
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH: .wrongKey
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
      .tls
    case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT: .invalidRequest
    case CURLE_ABORTED_BY_CALLBACK: .cancelled
    default: .protocolError
    }
  }
}
