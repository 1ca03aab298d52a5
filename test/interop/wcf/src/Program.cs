// Runs the cases against a server and prints one line for each: `case NAME ok …`, `fault=CODE` or `http=STATUS`.
// Exit code: 0 when every case ended as it should, 1 when one did not, 2 when the arguments make no sense.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.ServiceModel;

static class Program
{
    static readonly string[] Required = { "url", "tls-cert", "saml-cert", "user", "password-file", "applies-to" };

    static int Main(string[] words)
    {
        var options = new Dictionary<string, string>();
        for (var at = 0; at + 1 < words.Length; at += 2) options[words[at].TrimStart('-')] = words[at + 1];
        var missing = Required.Where(name => !options.ContainsKey(name)).ToList();
        if (missing.Count > 0 || words.Length % 2 != 0)
        {
            Console.Error.WriteLine("options are --name value; missing: " + string.Join(", ", missing));
            return 2;
        }
        var server = new Server(options);
        var wanted = options.ContainsKey("cases") ? options["cases"].Split(',') : null;
        var isAsWanted = true;
        foreach (var one in Cases.All(server).Where(one => wanted == null || wanted.Contains(one.Name)))
            isAsWanted &= Run(one);
        return isAsWanted ? 0 : 1;
    }

    static bool Run(Case one)
    {
        var end = EndOf(one);
        var isAsWanted = end.StartsWith(one.Wanted, StringComparison.Ordinal);
        Console.WriteLine("case " + one.Name + " " + end + (isAsWanted ? "" : " UNEXPECTED, wanted " + one.Wanted));
        return isAsWanted;
    }

    static string EndOf(Case one)
    {
        try
        {
            return one.Run();
        }
        catch (FaultException fault)
        {
            return "fault=" + CodeOf(fault.Code);
        }
        catch (WebException problem) when (problem.Response is HttpWebResponse)
        {
            return "http=" + (int)((HttpWebResponse)problem.Response).StatusCode;
        }
        catch (Exception problem)
        {
            return "error=" + problem.GetType().Name + " " + problem.Message.Split('\n')[0];
        }
    }

    /// <summary>The prefix stands for the namespace, whatever the server wrote.</summary>
    static string CodeOf(FaultCode code)
    {
        var inner = code.SubCode ?? code;
        var prefix = inner.Namespace == Names.Trust13 ? "wst" : inner.Namespace == Names.Trust2005 ? "t"
            : inner.Namespace == Names.Security ? "wsse" : "{" + inner.Namespace + "}";
        return prefix + ":" + inner.Name;
    }
}
