import Foundation
import TestSupport
import Testing

/// A web server in front of headquarters: it takes each request apart and makes one of its own of it.
@Suite(.timeLimit(.minutes(20))) struct CommandProxyTests {
  /// Other connections, another host, another order and spelling of headers, and some of its own, both ways.
  private static let proxy = """
    import http.client, http.server, sys
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        def do_POST(self):
            body = self.rfile.read(int(self.headers['Content-Length']))
            upstream = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))
            upstream.putrequest('POST', self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in sorted(self.headers.items(), reverse=True):
                if name.lower() not in ('host', 'connection', 'content-length'):
                    upstream.putheader(name.upper(), value)
            for name, value in (('Host', 'inside.example'), ('Via', '1.1 front'), ('X-Forwarded-For', '192.0.2.7'),
                                ('Content-Length', str(len(body)))):
                upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in sorted(answer.getheaders(), reverse=True):
                if name.lower() not in ('connection', 'content-length', 'date', 'server'):
                    self.send_header(name.title(), value)
            self.send_header('Strict-Transport-Security', 'max-age=1')
            self.send_header('Transfer-Encoding', 'chunked')
            self.end_headers()
            for start in range(0, len(content), 1000):
                batch = content[start:start + 1000]
                self.wfile.write(b'%x\\r\\n' % len(batch) + batch + b'\\r\\n')
            self.wfile.write(b'0\\r\\n\\r\\n')
        def log_message(self, *ignored): pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    print(server.server_address[1], file=sys.stderr, flush=True)
    server.serve_forever()
    """

  @Test("Signatures of requests and answers survive a reverse proxy that rewrites what it may")
  func reverseProxy() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [], tls: false)
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    let proxy = try folder.start(
      "python3", ["-c", Self.proxy, "\(headquarters.port)"])
    defer { proxy.stop(SIGKILL) }
    let port = try await proxy.number()

    let invited = try await folder.good(
      "invite", "ftuu", "--unregistered", "--new", "--url", "http://127.0.0.1:\(port)", "--database", "hq.db")
    try await folder.good("join", try #require(invited.lines.first), "--database", "uz.db")
    for round in 1...3 {
      try await folder.good("set", "org_unit", "ftuu-\(round)", "name=Round \(round)", "--database", "uz.db")
      try await folder.good("set", "org_unit", "otuts-\(round)", "name=Back \(round)", "--database", "hq.db")
      #expect(try await folder.good("sync", "--database", "uz.db", "--json").json()["outcome"] == "even")
    }
    let (there, here) = (
      try await folder.sqlite("hq.db", "SELECT count(*) FROM org_unit WHERE name LIKE 'Round%'"),
      try await folder.sqlite("uz.db", "SELECT count(*) FROM org_unit WHERE name LIKE 'Back%'")
    )
    #expect(there.output == "3\n" && here.output == "3\n")
    try await folder.good("rotate-key", "--database", "uz.db")
    try await folder.good("sync", "--database", "uz.db")
  }
}
