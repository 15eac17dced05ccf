import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyTerminal
import ParleyTrust

struct Init: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a workspace on this machine; it can be published later.",
        usage: "parley init NAME --as HANDLE [options]",
        discussion: """
            Examples:
              parley init baltic-ports --as olga
            """)

    @Argument(help: "What the workspace is called.") var name: String
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("What you are called in it, for ever: a-z, 0-9, - and _.", valueName: "handle"))
    var handle: String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let name = try WorkspaceName(name)
        let handle = try Handle(handle)
        let folder = console.paths.folder(ofWorkspace: name.text)
        try Paths.makePrivate(console.paths.data)
        let workspace = try Workspace.found(
            folder: folder, name: name, handle: handle, ambient: SystemAmbient.ambient)
        if console.options.json {
            return try console.json([
                "workspace": .text(name.text), "handle": .text(handle.text),
                "device": .text(workspace.device.text), "folder": .text(folder),
            ])
        }
        try console.note("The workspace \(name) is ready in \(folder). You are its admin, \(handle).")
        try console.hint("begin: parley new assessment title=\"..\"    share: parley publish INVITE")
    }
}
