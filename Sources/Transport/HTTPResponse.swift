/// The answer to a request. Any status is an answer: redirects and errors are the caller's to judge.
public struct HTTPResponse: Sendable {
  public var status: Int
  public var headers: HTTPHeaders
  public var body: [UInt8]
  /// True when the request went over a connection that an earlier one had opened.
  public var reusedConnection: Bool
}

/// The header fields of an answer, in the order received.
public struct HTTPHeaders: Sendable {
  public var fields: [(name: String, value: String)]

  public init(_ fields: [(name: String, value: String)] = []) { self.fields = fields }

  /// The value of the first field with that name; ASCII case does not matter.
  public subscript(_ name: String) -> String? {
    fields.first { field in
      field.name.utf8.elementsEqual(name.utf8) { Self.lowerCased($0) == Self.lowerCased($1) }
    }?.value
  }

  private static func lowerCased(_ character: UInt8) -> UInt8 {
    (65...90).contains(character) ? character + 32 : character
  }
}
