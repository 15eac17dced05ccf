import ArgumentParser
import Foundation
import ParleyServer
import ParleyTerminal
import ParleyTrust

struct KeyCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Give a server another key without losing anybody.",
        discussion: """
            Examples:
              parley key --data /srv/parley                # fingerprints: the present key, and the announced one
              parley key --data /srv/parley announce       # beside the running server: members hear of the next key
              parley key --data /srv/parley switch         # later, with the server stopped: it takes effect

            Leave time between the two: whoever has synced meanwhile follows by itself. Whoever has not is stopped
            hard, as by any other key, and goes on with any new invite: parley sync --server INVITE
            """)

    @Argument(help: "show, announce or switch.")
    var what: String = "show"
    @Option(name: .long, help: ArgumentHelp("The server's folder.", valueName: "dir"))
    var data: String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func validate() throws {
        guard ["show", "announce", "switch"].contains(what) else {
            throw ValidationError("key takes show, announce or switch.")
        }
    }

    func run(_ console: Console) throws {
        guard FileManager.default.fileExists(atPath: data + "/" + IdentityFile.Kind.server.fileName) else {
            throw CommandFailure(
                .notFound, "no-server-folder", "\(visible(data)) is no server's folder.",
                hint: "one is made by: parley serve --data DIR")
        }
        var folder = try ServerFolder(path: data, seed: SystemAmbient.random(32))
        switch what {
        case "announce": _ = try folder.announce(seed: SystemAmbient.random(32))
        case "switch":
            try change(folder)
            folder = try ServerFolder(path: data, seed: SystemAmbient.random(32))
        default: break
        }
        try show(folder, console)
    }

    private func change(_ folder: ServerFolder) throws {
        try folder.takeLock()
        guard try folder.announced() != nil else {
            throw CommandFailure(
                .failed, "not-announced", "No next key has been announced.",
                hint: "first: parley key --data \(data) announce")
        }
        try folder.takeAnnounced()
    }

    private func show(_ folder: ServerFolder, _ console: Console) throws {
        let next = try folder.announced()?.keys.fingerprint.description
        if console.options.json {
            return try console.json([
                "key": .text(folder.identity.keys.fingerprint.description), "announced": .text(orNull: next),
            ])
        }
        try console.line("server key \(folder.identity.keys.fingerprint)")
        if let next { try console.line("announced  \(next)") }
    }
}
