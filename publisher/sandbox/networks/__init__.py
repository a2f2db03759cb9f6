"""The stand-ins, a module a network; each ends in the STAND_IN by which it joins the sandbox."""
