import struct HTTPTypes.HTTPFields
import Limits

/// One HTTP request.
public struct HTTPRequest: Sendable {
  /// The methods that Birlik uses.
  public enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
  }

  public var method: Method
  /// `https://…`, or `http://…` for this machine.
  public var url: String
  /// Sent beside those of libcurl.
  public var headers: HTTPFields
  /// Sent with `POST` only.
  public var body: [UInt8]
  /// Where the transfer is stopped.
  public var limits: TransferLimits

  public init(
    method: Method, url: String, headers: HTTPFields = [:], body: [UInt8] = [],
    limits: TransferLimits = TransferLimits()
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.limits = limits
  }
}
