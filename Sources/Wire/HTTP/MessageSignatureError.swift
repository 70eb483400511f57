/// Why a message could not be signed, or its signature not verified.
public struct MessageSignatureError: Error, Equatable, Sendable {
  public enum Code: String, Sendable {
    /// A header that the signature needs is missing, or occurs twice.
    case missing
    /// A header differs from Birlik's spelling, or the message has a method or path that cannot be signed.
    case malformed
    /// No node with this key identifier is known.
    case unknownSigner
    /// The signature is not the signer's, or the body is not the one that was signed.
    case forged
    /// The signature is the signer's, but its time is too far from here.
    case clock
  }

  public var code: Code
  /// What was being done, such as "verify request".
  public var operation: String
  /// What the operator can do next.
  public var hint: String

  init(_ code: Code, _ operation: String, hint: String? = nil) {
    self.code = code
    self.operation = operation
    self.hint = hint ?? Self.hint(for: code)
  }

  private static func hint(for code: Code) -> String {
    switch code {
    case .missing, .malformed: "The other side does not speak Birlik's protocol, or a proxy changed the headers."
    case .unknownSigner: "Join headquarters again with a new invitation."
    case .forged: "Something between the two sides changed the message, or it was signed with another key."
    case .clock: "Set the clock of this machine."
    }
  }
}
