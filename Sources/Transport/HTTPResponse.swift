import struct HTTPTypes.HTTPFields

/// The answer to a request, whatever its status: the caller handles redirects and errors.
public struct HTTPResponse: Equatable, Sendable {
  /// The HTTP status.
  public var status: Int
  /// In the order received.
  public var headers: HTTPFields
  public var body: [UInt8]
  /// True when the request went over a connection that an earlier one had opened.
  public var reusedConnection: Bool
}
