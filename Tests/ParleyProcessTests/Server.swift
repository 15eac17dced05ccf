import Foundation
import Glibc
import Testing

/// A `parley serve`, on loopback unless a test says otherwise.
final class Server {
    let data: String
    let home: Home
    private(set) var port = 0
    private(set) var child: Child

    var address: String { "127.0.0.1:\(port)" }
    var pid: pid_t { child.pid }

    private let host: String

    /// - Parameter host: where it listens; clients always come by loopback.
    init(data: String, listening host: String = "127.0.0.1") throws {
        self.data = data
        self.host = host
        home = Home(data + "-home")
        (child, port) = try Self.start(data, home, host, port: 0)
    }

    private static func start(_ data: String, _ home: Home, _ host: String, port: Int) throws -> (Child, Int)
    {
        let child = try home.start(["serve", "--data", data, "--listen", "\(host):\(port)"])
        let prefix = "listening on \(host):"
        guard child.wait(.seconds(30), until: { $0.errors.contains(UInt8(ascii: "\n")) }),
            let line = child.errorText.split(separator: "\n").first, line.hasPrefix(prefix),
            let port = Int(line.dropFirst(prefix.count))
        else { throw Trouble("the server has not started: \(child.errorText)") }
        return (child, port)
    }

    /// A clean stop.
    /// - Returns: how it ended; nil if it is still there after ten seconds.
    func stop() -> Child.Exit? {
        child.signal(SIGTERM)
        return child.end(within: .seconds(10))
    }

    /// kill -9.
    func killNow() { child.killNow() }

    /// Starts it again on the same folder and port.
    func restart() throws { (child, port) = try Self.start(data, home, host, port: port) }

    /// Resident memory in KiB; 0 where the process has ended.
    var residentKiB: Int {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
