/**
 * A few drawings to start from, as they stand in links (see marks.js). Made by the project's own sketch maker:
 * `build/ntrace sketch --count 120 --seed 11 --strokes`, the first of each of these classes. The names say what is drawn; whether the
 * network knows such a thing is its own affair.
 */
import { marksCodec } from "../marks.js";

const DRAWINGS = [
  { name: "umbrella", marks: "pwCguBgCvdoPnGoUnKgLwH4MgM.pAguBwN_EgP3GwfnR.pwe4dwMgf" },
  { name: "pear", marks: "pwJgJwFgFQgIwFwWAgIXwDvCgF_D4C_FPvE_BnC_DfnEoE3XA3CfnDY3HgB3BoE3B.poLoLX_FgBnF" },
  { name: "smiley face", marks: "p4mBQvEP_GQ_I4D_I4HnHgM_B4KoDwMgHwJwLoG4LQwG_BgGnDoFvE4F3HoE_KgB_Ff_HnBnDvFnInInGvE_B.pgXoTfgN.pwuBwRfoM.poOonB4K4FgKgBgM_CoC3CgBnF" },
  { name: "airplane", marks: "popB4I_EwD_DoEvHoQ3DoG_F4GvFgCwHfgG3CwO3I4K3IwCnSnHnI.pwawQ3YvB3BoF4FoC4PoD.pwmBodH4SnB4GYgGPgDH3H_B3HAnH.pwOwnBnF4CnDP4EH.poU4uB3C4EnCH4B3B.p4XoiBAgCwBIYXvBnBXgC.p4ewZwBgBAgCvB3BIfYI.pwlBgSwBYQwC.pgtBwNPoBoCPfX3BI" },
  { name: "car", marks: "pw4BgYgFnBoCnDf_D3D3CnHvCnFAvH_CnGf3GnCnGI3GnC3DAnE_B3DgBnBgCoC4H4DgC_C4EPwC4BwB4CI4D4B4GfwGIgHnBgIYgGf4EAwGnC.poV4OoLgBAvHnMXX4I.pwpB4HHwJwEY4KP3C_H3KX.pwtBgX4FX4EgDYoCfoEvCoD_DY_CP_C3BnCvDAvCwC3DgC3BoCH.p4CwWoF_CwCQoC4BoBoCAgCvD4FvDwB_DX_B_EgBnE" },
  { name: "train", marks: "pgRgF3PInBoFYYwYI4BvJvII3B4C.poJgFoB_EvDQH4E.poToDIwDgFHH3C3EP.pwXgOvBfYnBgCHgBYHwB_BQ.p4NwL3BHnBoBoCgBoBXPf.pIoNwCIQ3BnCHXQIgB.poagLwEI.pofoMgNIoB3F3NHXgG.pgpBwM4CIY4BnCoB_BPP3BwBf.pojB4MvDAP4B4BgBgCPYvBnBf.pgtBwLwEA.p4_B4E3MAfoH4LAgCnH.p46BwM3BoBYoB4BIgCvBPnB3CA.pgzBwMvBYIgC4BIoCnBPnBvCP" },
];

export const EXAMPLES = DRAWINGS.map(({ name, marks }) => ({ name, marks: marksCodec.read(marks) ?? [] }));
