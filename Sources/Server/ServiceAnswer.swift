import Limits
import SyncCore

/// The answer to one request.
public struct ServiceAnswer: Equatable, Sendable {
  /// An HTTP status from 200 to 599.
  public var status: Int
  /// Sent as `Content-Type`.
  public var contentType: String
  /// Sent as it is.
  public var body: [UInt8]
  /// Sent to the client as `Retry-After`.
  public var retryAfterSeconds: Int?
  /// Sent as `Birlik-Catalog` where the client follows a later catalog than this version.
  public var laggingCatalog: Int?

  /// An answer with a body of any type.
  public init(
    status: Int = 200, contentType: String = "application/octet-stream", body: [UInt8], retryAfterSeconds: Int? = nil
  ) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// A line of JSON.
  public init(status: Int = 200, _ json: JSON, retryAfterSeconds: Int? = nil) {
    self.init(
      status: status, contentType: "application/json", body: json.bytes + [UInt8(ascii: "\n")],
      retryAfterSeconds: retryAfterSeconds)
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
    let error = JSON.object(members.map { (name: $0.0, value: .text(Array($0.1.utf8), .canonical)) })
    return ServiceAnswer(status: status, ["error": error], retryAfterSeconds: retryAfterSeconds)
  }
}

extension ServiceAnswer {
  /// The same answer for an unknown node, a bad signature and an unknown path under `/v1/`, so that a client without a key
  /// learns nothing about what exists.
  static let denied = ServiceAnswer.error(
    status: 401, code: "denied", message: "This request is not accepted.",
    hint: "Join headquarters with an invitation, or ask there whether this node was revoked.")

  /// For a valid signature from another time. The signed `Birlik-Time` gives the client the server's.
  static let clock = ServiceAnswer.error(
    status: 401, code: "clock", message: "The clocks of the two machines differ too much.",
    hint: "Sign again with the time of this answer, and set the clock of this machine.")

  static let tooLarge = ServiceAnswer.error(
    status: 413, code: "too_large", message: "The request is larger than allowed.", hint: "Send smaller batches.")

  static let tooSlow = ServiceAnswer.error(
    status: 408, code: "too_slow", message: "The request did not arrive in time.", hint: "Send smaller batches.")

  static let broken = ServiceAnswer.error(
    status: 400, code: "broken", message: "The request did not arrive whole.", hint: "Send it again.")

  static let partsMissing = ServiceAnswer.error(
    status: 409, code: "parts_missing", message: "Parts of the request are missing.", hint: "Send its parts again.")

  static let notFound = ServiceAnswer.error(
    status: 404, code: "not_found", message: "There is nothing here.", hint: "Ask for /health.")

  /// For an error inside headquarters.
  public static let failed = ServiceAnswer.error(
    status: 500, code: "internal", message: "Headquarters could not answer.", hint: "Try again later.")

  /// By this code a client knows a full disk from a busy moment.
  public static let diskFullCode = "disk_full"

  /// For a headquarters that can store nothing. The status is that of `busy`, which older clients understand.
  public static let diskFull = ServiceAnswer.error(
    status: 503, code: diskFullCode, message: "The disk of headquarters is full, so it can take nothing.",
    hint: "Tell the administrator of headquarters; nothing was lost, and what waits here is sent by a later sync.",
    retryAfterSeconds: 300)

  /// Asks the client to try again later.
  public static func busy(retryAfterSeconds: Int = ServerLimits().retryAfterSeconds) -> ServiceAnswer {
    .error(
      status: 503, code: "busy", message: "Headquarters is busy.", hint: "Try again in a moment.",
      retryAfterSeconds: retryAfterSeconds)
  }
}
