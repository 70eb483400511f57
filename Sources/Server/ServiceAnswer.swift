/// The answer to one request.
public struct ServiceAnswer: Equatable, Sendable {
  /// An HTTP status from 200 to 599.
  public var status: Int
  public var contentType: String
  public var body: [UInt8]
  /// Told to the client as `Retry-After`.
  public var retryAfterSeconds: Int?

  public init(
    status: Int = 200, contentType: String = "application/octet-stream", body: [UInt8], retryAfterSeconds: Int? = nil
  ) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// An error as JSON: `{"error":{"code":…,"message":…,"hint":…}}`.
  ///
  /// - Parameters:
  ///   - code: for programs; lower case with underscores.
  ///   - message: one plain sentence for a person.
  ///   - hint: what to do next.
  public static func error(
    status: Int, code: String, message: String, hint: String, retryAfterSeconds: Int? = nil
  ) -> ServiceAnswer {
    let members = [("code", code), ("message", message), ("hint", hint)]
    let json = members.map { quoted($0.0) + ":" + quoted($0.1) }.joined(separator: ",")
    return ServiceAnswer(
      status: status, contentType: "application/json", body: Array("{\"error\":{\(json)}}\n".utf8),
      retryAfterSeconds: retryAfterSeconds)
  }

  private static func quoted(_ text: String) -> String {
    var bytes = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5C: bytes += [0x5C, byte]
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension ServiceAnswer {
  /// The one answer to an unknown node, a bad signature and an unknown path under `/v1/`: whoever asks without a key
  /// cannot tell what exists.
  static let denied = ServiceAnswer.error(
    status: 401, code: "denied", message: "This request is not accepted.",
    hint: "Join headquarters with an invitation, or ask there whether this node was revoked.")

  /// For a signature that is right but from another time. The signed `Birlik-Time` tells the client the server's.
  static let clock = ServiceAnswer.error(
    status: 401, code: "clock", message: "The clocks of the two machines differ too much.",
    hint: "Sign again with the time of this answer, and set the clock of this machine.")

  static let tooLarge = ServiceAnswer.error(
    status: 413, code: "too_large", message: "The request is larger than allowed.", hint: "Send smaller chunks.")

  static let tooSlow = ServiceAnswer.error(
    status: 408, code: "too_slow", message: "The request did not arrive in time.", hint: "Send smaller chunks.")

  static let broken = ServiceAnswer.error(
    status: 400, code: "broken", message: "The request did not arrive whole.", hint: "Send it again.")

  static let notFound = ServiceAnswer.error(
    status: 404, code: "not_found", message: "There is nothing here.", hint: "Ask for /health.")

  static let failed = ServiceAnswer.error(
    status: 500, code: "internal", message: "Headquarters could not answer.", hint: "Try again later.")

  static func busy(retryAfterSeconds: Int) -> ServiceAnswer {
    .error(
      status: 503, code: "busy", message: "Headquarters is busy.", hint: "Try again in a moment.",
      retryAfterSeconds: retryAfterSeconds)
  }
}
