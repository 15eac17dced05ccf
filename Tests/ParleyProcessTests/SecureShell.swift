import Foundation
import Glibc
import Testing

/// A real sshd on loopback for this user alone: own host key, own configuration, a free port. It goes with
/// this object.
final class SecureShell {
    private static let programs = ["/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen"]
    /// An sshd of root's insists on this folder, which Debian makes when its service starts.
    private static let privilegeFolder = "/run/sshd"

    /// Why there is none here; nil where there can be one.
    static let missing: String? = {
        let absent = programs.filter { !FileManager.default.isExecutableFile(atPath: $0) }
        let hasFolder = getuid() != 0 || FileManager.default.fileExists(atPath: privilegeFolder)
        guard !absent.isEmpty || !hasFolder else { return nil }
        let what = absent.isEmpty ? privilegeFolder : absent.joined(separator: ", ")
        print("the tests of ssh are skipped: there is no \(what); Scripts/prepare has need_ssh")
        promise("ssh-skipped", 1)
        return what
    }()

    let port: Int
    private let folder: String
    private let daemon: Child

    /// - Parameter environment: what the remote commands find beside their own.
    init(in scratch: Scratch, environment: [String: String]) throws {
        folder = scratch.path + "/ssh"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        for name in ["host", "other", "user"] { try Self.makeKey(folder + "/" + name) }
        port = try Self.freePort()
        try Self.write(folder + "/config", Self.configuration(folder, port, environment))
        try FileManager.default.copyItem(atPath: folder + "/user.pub", toPath: folder + "/authorized")
        for name in ["host", "other"] {
            let key = try String(contentsOfFile: "\(folder)/\(name).pub", encoding: .utf8)
            try Self.write(folder + "/known-" + name, "[127.0.0.1]:\(port) \(key)")
        }
        daemon = try Child(
            [Self.programs[0], "-D", "-e", "-f", folder + "/config"],
            environment: ["PATH": "/usr/bin:/bin"])
        let isReady = daemon.wait(.seconds(20)) { $0.errorText.contains("Server listening") }
        guard isReady else { throw Trouble("sshd has not started: \(daemon.errorText)") }
    }

    deinit {
        daemon.signal(SIGTERM)
        _ = daemon.end(within: .seconds(10))
    }

    /// What it said.
    var log: String {
        daemon.wait(.milliseconds(1)) { _ in false }
        return daemon.errorText
    }

    /// How a client runs a command through it.
    /// - Parameter host: whose key the client expects, `host` or `other`.
    func command(_ remote: String, expecting host: String = "host") -> String {
        let options = [
            "UserKnownHostsFile=\(folder)/known-\(host)", "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes", "IdentityFile=\(folder)/user", "IdentitiesOnly=yes",
            "BatchMode=yes", "ControlPath=none",
        ]
        let words = options.map { "-o \($0)" }.joined(separator: " ")
        return "ssh -F /dev/null -p \(port) \(words) \(NSUserName())@127.0.0.1 \(remote)"
    }

    private static func configuration(
        _ folder: String, _ port: Int, _ environment: [String: String]
    ) -> String {
        let names = environment.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        return """
            ListenAddress 127.0.0.1:\(port)
            HostKey \(folder)/host
            PidFile none
            AuthorizedKeysFile \(folder)/authorized
            AllowUsers \(NSUserName())
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            UsePAM no
            StrictModes no
            SetEnv \(names)

            """
    }

    private static func makeKey(_ path: String) throws {
        let maker = try Child(
            [programs[2], "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path],
            environment: ["PATH": "/usr/bin:/bin"])
        guard maker.end(within: .seconds(20)) == .exited(0) else {
            throw Trouble("ssh-keygen: \(maker.errorText)")
        }
    }

    private static func write(_ path: String, _ text: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    /// One that nobody listens on now.
    private static func freePort() throws -> Int { try ForeignListener().port }
}
