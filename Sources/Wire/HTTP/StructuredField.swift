import RawStructuredFieldValues

/// A header whose value is a dictionary (RFC 9651) with one member: every structured header that Birlik speaks.
enum StructuredField {
  /// The value of the member `key`; nil unless it is the only one and `text` is its canonical spelling.
  static func member(_ key: String, of text: String) -> ItemOrInnerList? {
    let bytes = Array(text.utf8)
    var parser = StructuredFieldValueParser(bytes)
    var serializer = StructuredFieldValueSerializer()
    guard let members = try? parser.parseDictionaryFieldValue(), members.count == 1,
      let canonical = try? serializer.writeDictionaryFieldValue(members), canonical == bytes
    else { return nil }
    return members[key]
  }

  /// The `count` bytes that the member `key` holds; nil for any other value.
  static func bytes(_ key: String, of text: String, count: Int) -> [UInt8]? {
    guard case .item(let item)? = member(key, of: text), item.rfc9651Parameters.isEmpty,
      case .undecodedByteSequence(let base64) = item.rfc9651BareItem,
      let bytes = Base64.decode(base64), bytes.count == count
    else { return nil }
    return bytes
  }

  /// `bytes` as the value of a member.
  static func value(_ bytes: some Sequence<UInt8>) -> String { ":\(Base64.encode(bytes)):" }
}
