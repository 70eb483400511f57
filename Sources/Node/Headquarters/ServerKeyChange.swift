/// The outcome of a change of the server's key.
public struct ServerKeyChange: Sendable, Equatable {
  public enum Step: String, Sendable {
    /// There was no key before: the new one is in use at once.
    case made
    /// It is announced; nodes that sync from now on accept it.
    case announced
    /// The announced one is in use, and the previous one is no longer accepted.
    case switched
  }

  public var step: Step
  /// The base64 of the SHA-256 of the new public key.
  public var pin: String
  /// From when on it is to be used, in milliseconds since 1970.
  public var from: Int64
  /// The nodes that may not know it, by name: they need the line of `birlik pin`.
  public var unaware: [String] = []
}
