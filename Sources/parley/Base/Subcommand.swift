import ArgumentParser
import Foundation

/// A command of Parley: it finds the options given before its name in its parent, and gets a console.
protocol Subcommand: ParsableCommand {
    var parent: Parley { get }
    var options: GlobalOptions { get }
    func run(_ console: Console) throws
}

extension Subcommand {
    func run() throws {
        let console = try Console(options.joined(parent.options))
        do {
            try run(console)
            try console.syncIfSet()
        } catch {
            // What has been said before the failure is data all the same.
            try console.finish()
            throw error
        }
        try console.finish()
    }
}

/// An action of a command that has several, as `config get`.
protocol Action: ParsableCommand {
    associatedtype Group: Subcommand
    var group: Group { get }
    var options: GlobalOptions { get }
    func run(_ console: Console) throws
}

extension Action {
    func run() throws {
        let console = try Console(options.joined(group.options).joined(group.parent.options))
        do {
            try run(console)
            try console.syncIfSet()
        } catch {
            try console.finish()
            throw error
        }
        try console.finish()
    }
}
