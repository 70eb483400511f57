import CCurl

/// Where a request goes, read by libcurl's own parser, so that the checked address is the one that is used.
struct RequestAddress {
  /// Scheme, host, port and path; never a user, a password or a query.
  let text: String
  let isLoopback: Bool

  /// - Throws: `invalidRequest` for what is no http or https address or carries a user or a password,
  ///   `refusedInsecure` for plain http to another machine.
  init(url: String, method: String) throws(TransportError) {
    // The error does not repeat an unreadable address, because it may hold a password.
    let unreadable = TransportError(.invalidRequest, method)
    guard let handle = curl_url() else { throw unreadable }
    defer { curl_url_cleanup(handle) }
    guard !url.utf8.contains(0), curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK,
      Self.part(CURLUPART_USER, of: handle) == nil, Self.part(CURLUPART_PASSWORD, of: handle) == nil,
      let scheme = Self.part(CURLUPART_SCHEME, of: handle), scheme == "http" || scheme == "https",
      let host = Self.part(CURLUPART_HOST, of: handle), let path = Self.part(CURLUPART_PATH, of: handle)
    else { throw unreadable }
    let port = Self.part(CURLUPART_PORT, of: handle).map { ":" + $0 } ?? ""
    text = scheme + "://" + host + port + path
    isLoopback = Self.isLoopback(host: host)
    guard scheme == "https" || isLoopback else { throw TransportError(.refusedInsecure, "\(method) \(text)") }
  }

  /// Names are not resolved: a name server that points a name at 127.0.0.1 now may point it elsewhere in a moment.
  /// `localhost` is safe because libcurl (since 7.78) never asks a name server for it.
  static func isLoopback(host: String) -> Bool {
    if host == "[::1]" { return true }
    if host.utf8.elementsEqual("localhost".utf8, by: { $0 | 32 == $1 }) { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { part in
        (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (48...57).contains($0) }
          && UInt8(part) != nil
      }
  }

  private static func part(_ part: CURLUPart, of handle: OpaquePointer) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(handle, part, &text, 0) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }
}
